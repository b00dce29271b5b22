import { ristretto255 } from "@noble/curves/ed25519.js";
import { bytesToNumberLE } from "@noble/curves/utils.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { concatBytes, hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  type CpaceInputs,
  confirmationTags,
  generatorOf,
  generatorString,
  lengthValue,
  prependLength,
  SCALAR_RANDOM_BYTES,
  scalarFrom,
  sessionKey,
  sharedPoint,
  shareOf,
} from "../../../src/peer/pairing/cpace.ts";
import { bytes, hex } from "./hex.ts";

/** draft-irtf-cfrg-cpace-21, appendix B.3. */
const VECTOR = {
  inputs: {
    password: utf8ToBytes("Password"),
    channelId: hexToBytes("0b415f696e69746961746f720b425f726573706f6e646572"),
    sessionId: hexToBytes("7e4b4791d6a8ef019b936c79fb7f2c57"),
  } satisfies CpaceInputs,
  generatorString: `
    11435061636552697374726574746f3235350850617373776f726464
    00000000000000000000000000000000000000000000000000000000
    00000000000000000000000000000000000000000000000000000000
    00000000000000000000000000000000000000000000000000000000
    00000000000000000000000000000000180b415f696e69746961746f
    720b425f726573706f6e646572107e4b4791d6a8ef019b936c79fb7f
    2c57`,
  hash: `
    da6d3ddc8802fca9058755ffd3ebde08a9c2c74945901a258482a288
    b6663af06bf645c93cd1c51512307199c80e84908916d983b34af772
    05f90851a657ee27`,
  generator: "222b6b195fe84b1652badb6f6a3ae3d24341e7306967f0b8115b40d5698c7e56",
  ya: "da3d23700a9e5699258aef94dc060dfda5ebb61f02a5ea77fad53f4ff0976d08",
  shareA: "d6bac480f2c386c394efc7c47adb9925dcd2630b64f240c50f8d0eec482b9157",
  yb: "d2316b454718c35362d83d69df6320f38578ed5984651435e2949762d900b80d",
  shareB: "3ea7e0b19560d7c0b0f5734f63b955286dfa8232b5ebe63324e2d9e7433f7258",
  point: "80b69a8a76457ab6a4d7f887a4bf6b55a2f80ac19c333f917a05fc9887c8b40f",
  key: `
    b69effbf61b51d56401c0f65601abe428de8206feaaf0e32198896dc
    ae7b35cd2b38950a39dfd5d4a79164614c2984f7daa460b588c1e80c
    3fa2068af7900447`,
} as const;

const transcript = {
  initiator: { share: bytes(VECTOR.shareA), associated: utf8ToBytes("ADa") },
  responder: { share: bytes(VECTOR.shareB), associated: utf8ToBytes("ADb") },
};
const ya = bytesToNumberLE(bytes(VECTOR.ya));
const yb = bytesToNumberLE(bytes(VECTOR.yb));

test("the generator follows the draft's vector", () => {
  expect(generatorString(VECTOR.inputs)).toEqual(bytes(VECTOR.generatorString));
  expect(hex(sha512(generatorString(VECTOR.inputs)))).toBe(hex(bytes(VECTOR.hash)));
  expect(hex(generatorOf(VECTOR.inputs).toBytes())).toBe(VECTOR.generator);
});

test("both shares follow the draft's vector", () => {
  const generator = generatorOf(VECTOR.inputs);
  expect(hex(shareOf(ya, generator))).toBe(VECTOR.shareA);
  expect(hex(shareOf(yb, generator))).toBe(VECTOR.shareB);
});

test("both sides reach the draft's secret point and key", () => {
  const atA = sharedPoint(ya, bytes(VECTOR.shareB));
  const atB = sharedPoint(yb, bytes(VECTOR.shareA));
  expect(hex(atA ?? new Uint8Array())).toBe(VECTOR.point);
  expect(atB).toEqual(atA);
  expect(sessionKey(VECTOR.inputs.sessionId, bytes(VECTOR.point), transcript)).toEqual(bytes(VECTOR.key));
});

test("scalar_mult_vfy follows the draft's vector", () => {
  const scalar = bytesToNumberLE(hexToBytes("7cd0e075fa7955ba52c02759a6c90dbbfc10e6d40aea8d283e407d88cf538a05"));
  const valid = hexToBytes("2c3c6b8c4f3800e7aef6864025b4ed79bd599117e427c41bd47d93d654b4a51c");
  expect(hex(sharedPoint(scalar, valid) ?? new Uint8Array())).toBe(
    "7c13645fe790a468f62c39beb7388e541d8405d1ade69d1778c5fe3e7f6b600e",
  );
});

test.each([
  {
    name: "an invalid encoding (draft vector Y_i1)",
    share: "2b3c6b8c4f3800e7aef6864025b4ed79bd599117e427c41bd47d93d654b4a51c",
  },
  { name: "the neutral element (draft vector Y_i2)", share: "00".repeat(32) },
  { name: "a value not below the field's prime", share: "ff".repeat(32) },
  { name: "a negative field element", share: `01${"00".repeat(31)}` },
  { name: "31 bytes", share: "2c".repeat(31) },
  { name: "33 bytes", share: "2c".repeat(33) },
  { name: "no bytes", share: "" },
])("$name as a share aborts", ({ share }) => {
  expect(sharedPoint(ya, hexToBytes(share))).toBeUndefined();
});

test("lengths are written as LEB128 (draft vectors of prepend_len)", () => {
  expect(hex(prependLength(new Uint8Array()))).toBe("00");
  expect(hex(prependLength(utf8ToBytes("1234")))).toBe("0431323334");
  const range = (count: number): Uint8Array => Uint8Array.from({ length: count }, (_, index) => index);
  expect(hex(prependLength(range(127)).subarray(0, 3))).toBe("7f0001");
  expect(hex(prependLength(range(128)).subarray(0, 4))).toBe("80010001");
});

test("no two lists of parts give the same bytes", () => {
  const parts = fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 4 });
  void fc.assert(
    fc.property(parts, parts, (a, b) => {
      const isSame = a.length === b.length && a.every((part, index) => hex(part) === hex(b[index] ?? new Uint8Array()));
      expect(hex(lengthValue(...a)) === hex(lengthValue(...b))).toBe(isSame);
    }),
  );
});

test("the confirmation tags are the draft's: HMAC of each message under a key from the session key", () => {
  const key = bytes(VECTOR.key);
  const macKey = sha512(concatBytes(utf8ToBytes("CPaceMac"), VECTOR.inputs.sessionId, key));
  const tags = confirmationTags(VECTOR.inputs.sessionId, key, transcript);
  expect(tags.initiator).toEqual(
    hmac(sha512, macKey, concatBytes(Uint8Array.of(32), bytes(VECTOR.shareA), Uint8Array.of(3), utf8ToBytes("ADa"))),
  );
  expect(tags.responder).toEqual(
    hmac(sha512, macKey, concatBytes(Uint8Array.of(32), bytes(VECTOR.shareB), Uint8Array.of(3), utf8ToBytes("ADb"))),
  );
});

test("a scalar is never zero and never as large as the group's order", () => {
  const order = ristretto255.Point.Fn.ORDER;
  for (const fill of [0x00, 0x01, 0x7f, 0xff]) {
    const scalar = scalarFrom(new Uint8Array(SCALAR_RANDOM_BYTES).fill(fill));
    expect(scalar > 0n && scalar < order).toBe(true);
  }
});

test("another password, channel or session gives another key", () => {
  const keyFor = (ours: CpaceInputs, theirs: CpaceInputs): [string, string] => {
    const initiator = { share: shareOf(ya, generatorOf(ours)), associated: utf8ToBytes("a") };
    const responder = { share: shareOf(yb, generatorOf(theirs)), associated: utf8ToBytes("b") };
    const key = (inputs: CpaceInputs, scalar: bigint, share: Uint8Array): string =>
      hex(sessionKey(inputs.sessionId, sharedPoint(scalar, share) ?? new Uint8Array(), { initiator, responder }));
    return [key(ours, ya, responder.share), key(theirs, yb, initiator.share)];
  };
  const { inputs } = VECTOR;
  const [same, alike] = keyFor(inputs, inputs);
  expect(same).toBe(alike);
  for (const field of ["password", "channelId", "sessionId"] as const) {
    const [ours, theirs] = keyFor(inputs, { ...inputs, [field]: utf8ToBytes("other") });
    expect(ours).not.toBe(theirs);
  }
});
