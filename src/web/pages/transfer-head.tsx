/** What a transfer is about, and how it is with it. */
import type { JSX } from "preact";
import type { TransferView } from "../../shared/api-transfers.ts";
import type { Tone } from "../text/overview.ts";
import { Name, State } from "../ui/basics.tsx";
import { FolderName } from "../ui/folder-name.tsx";

export const TRANSFER_STATES: Readonly<Record<TransferView["state"], readonly [Tone, string]>> = {
  running: ["busy", "running"],
  paused: ["idle", "paused"],
  done: ["good", "done"],
  partial: ["warn", "some files failed"],
  failed: ["bad", "failed"],
  cancelled: ["idle", "cancelled"],
  interrupted: ["warn", "interrupted"],
};

function What({ row }: { readonly row: TransferView }): JSX.Element {
  const { kind, side, path, version, folder, deviceName, user } = row;
  const who = side === "served" ? `${deviceName ?? "this device"}${user === null ? "" : ` (${user})`}` : null;
  const other = deviceName ?? "this device";
  return (
    <span class="transfer-what">
      <strong>{path === "" ? <FolderName id={folder} /> : <Name>{path}</Name>}</strong>
      {version === null ? " " : `, version ${version} `}
      <span class="muted small">
        {who === null
          ? kind === "upload"
            ? "to "
            : "from "
          : kind === "upload"
            ? "uploaded here by "
            : "downloaded by "}
        <Name>{who ?? other}</Name>
        {", folder "}
        <FolderName id={folder} />
      </span>
    </span>
  );
}

export function TransferHead({ row }: { readonly row: TransferView }): JSX.Element {
  const [tone, words] = TRANSFER_STATES[row.state];
  return (
    <div class="transfer-head">
      <What row={row} />
      <State tone={tone}>{words}</State>
    </div>
  );
}
