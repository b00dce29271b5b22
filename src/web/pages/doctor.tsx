import type { JSX } from "preact";
import type { Check } from "../../shared/api-node.ts";
import { call } from "../api/client.ts";
import type { Tone } from "../text/overview.ts";
import { Answer } from "../ui/answer.tsx";
import { Button, Card, Page, State } from "../ui/basics.tsx";
import { useData } from "../ui/use-data.ts";

const TONES: Readonly<Record<Check["result"], readonly [Tone, string]>> = {
  ok: ["good", "OK"],
  warn: ["warn", "Note"],
  fail: ["bad", "Wrong"],
  skip: ["idle", "Not tried"],
};

export function DoctorPage(): JSX.Element {
  const examined = useData((signal) => call("doctor", {}, signal), "doctor");
  return (
    <Page
      title="Doctor"
      actions={
        <Button icon="refresh" onPress={examined.reload}>
          Examine again
        </Button>
      }
    >
      <Answer of={examined} loading="Examining this machine and its connections…">
        {({ checks }) => (
          <Card>
            {[...checks].sort(worstFirst).map((check) => (
              <Row check={check} key={check.name} />
            ))}
          </Card>
        )}
      </Answer>
    </Page>
  );
}

const ORDER: readonly Check["result"][] = ["fail", "warn", "ok", "skip"];

function worstFirst(a: Check, b: Check): number {
  return ORDER.indexOf(a.result) - ORDER.indexOf(b.result);
}

function Row({ check }: { readonly check: Check }): JSX.Element {
  const [tone, word] = TONES[check.result];
  return (
    <div class="check-row">
      <State tone={tone}>{word}</State>
      <div class="stack tight">
        <p>
          <span class="strong">{check.title}</span> <span>{check.message}</span>
        </p>
        {check.fix === null ? null : (
          <p>
            To mend it: <code>{check.fix}</code>
          </p>
        )}
      </div>
    </div>
  );
}
