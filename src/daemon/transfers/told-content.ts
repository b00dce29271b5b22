import type { GivenFile } from "../../shared/api-transfers.ts";
import { SyncError } from "../../shared/errors.ts";
import type { FileType } from "../../shared/file-info.ts";
import type { ContentId } from "../../shared/ids.ts";
import type { Hasher } from "../../shared/ports.ts";
import { contentIdOfTarget } from "../../sync/delta/content-id.ts";
import type { PutContent } from "../../sync/versions/put.ts";

/** What another device says of a file, as it is to stand in a folder. Throws E_PROTOCOL. */
export function contentOf(given: Omit<GivenFile, "offered" | "name">, hasher: Hasher): PutContent {
  const { fileType, size, mode, mtimeNs, contentId, target } = given;
  const facts = { type: fileType as FileType, mode, mtimeNs: BigInt(mtimeNs) };
  switch (fileType) {
    case "directory":
      return { ...facts, size: 0, contentId: null, target: "" };
    case "symlink":
      return { ...facts, size: 0, contentId: contentIdOfTarget(target, hasher), target };
    case "file":
      if (contentId === null) throw new SyncError("E_PROTOCOL", "a file was announced without its content id");
      return { ...facts, size, contentId: contentId as ContentId, target: "" };
  }
}
