/** The versions of a file, here or on a peer, newest first: restored, saved, held against the one of now. */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import type { RouteOutput } from "../../shared/api.ts";
import { callAt, collectAt } from "../api/client.ts";
import { download, previewOf, type Remote } from "../api/download.ts";
import { bytes, moment } from "../text/format.ts";
import { Answer } from "../ui/answer.tsx";
import { Button, Name } from "../ui/basics.tsx";
import { attempt } from "../ui/toasts.tsx";
import { TwoSides } from "../ui/two-sides.tsx";
import { useData } from "../ui/use-data.ts";
import { sayRestored } from "./say-restored.ts";

type Version = RouteOutput<"versions">["versions"][number];

export function VersionList(props: { readonly what: Remote; readonly onChange?: () => unknown }): JSX.Element {
  const { what, onChange } = props;
  const { peer, folder, path } = what;
  const answer = useData(
    (signal) => callAt(peer, "versions", { folder, path }, signal),
    [peer, folder, path].join("\0"),
    { live: peer === undefined },
  );
  const restore = async (version: number): Promise<void> => {
    await attempt(async () => sayRestored(await collectAt(peer, "restore", { folder, path, version })));
    await answer.reload();
    await onChange?.();
  };
  return (
    <Answer of={answer} loading="Looking for versions…">
      {({ versions }) => <Versions {...{ what, versions, restore }} />}
    </Answer>
  );
}

interface VersionsProps {
  readonly what: Remote;
  readonly versions: readonly Version[];
  readonly restore: (version: number) => Promise<void>;
}

function Versions({ what, versions, restore }: VersionsProps): JSX.Element {
  const compared = useSignal<Version | undefined>(undefined);
  const current = versions.find((version) => version.current);
  return (
    <div class="stack">
      <table class="table versions">
        <thead>
          <tr>
            <th>Version</th>
            <th>When</th>
            <th class="right">Size</th>
            <th>By</th>
            <th>
              <span class="unseen">What to do</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {versions.toReversed().map((version) => (
            <tr key={version.version}>
              <td data-label="Version">
                {version.version} {version.current ? <span class="strong">now</span> : null}
              </td>
              <td class="wide" data-label="When">
                <time dateTime={version.time}>{moment(new Date(version.time))}</time>
              </td>
              <td class="right number" data-label="Size">
                {bytes(version.size)}
              </td>
              <td data-label="By">
                <Name>{version.user ?? version.device}</Name>, {version.origin}
              </td>
              <td>
                <VersionActions
                  {...{ version, what, restore }}
                  canCompare={current?.kept === true}
                  isCompared={compared.value?.version === version.version}
                  onCompare={() => (compared.value = compared.value?.version === version.version ? undefined : version)}
                />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {compared.value === undefined || current === undefined ? null : (
        <TwoSides
          left={versionSide(what, compared.value)}
          right={versionSide(what, current)}
          key={`${compared.value.version} ${current.version}`}
        />
      )}
    </div>
  );
}

function VersionActions(props: {
  readonly version: Version;
  readonly what: Remote;
  readonly canCompare: boolean;
  readonly isCompared: boolean;
  readonly onCompare: () => void;
  readonly restore: (version: number) => Promise<void>;
}): JSX.Element {
  const { what, canCompare, isCompared, onCompare, restore } = props;
  const { version, current, kept } = props.version;
  if (!kept) return <span class="muted small">not here</span>;
  return (
    <div class="actions tight">
      {current ? null : (
        <Button icon="undo" label={`Restore version ${version}`} onPress={() => restore(version)}>
          Restore
        </Button>
      )}
      {!current && canCompare ? (
        <Button
          kind="quiet"
          icon="search"
          label={`What differs between version ${version} and now`}
          expanded={isCompared}
          onPress={onCompare}
        >
          {null}
        </Button>
      ) : null}
      <Button
        kind="quiet"
        icon="down"
        label={`Download version ${version}`}
        onPress={() => attempt(() => download({ ...what, version }))}
      >
        {null}
      </Button>
    </div>
  );
}

function versionSide(what: Remote, { version, current }: Version): Parameters<typeof TwoSides>[0]["left"] {
  return {
    title: current ? `the version of now (${version})` : `version ${version}`,
    preview: (signal) => previewOf({ ...what, version }, signal),
  };
}
