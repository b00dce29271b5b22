import { useEffect } from "preact/hooks";
import { session, status } from "../api/live.ts";

/** Names the tab, also after the device: somebody may have the pages of several open. */
export function useTitle(title: string): void {
  const device = status.value?.device.name ?? session.value?.device.name;
  const name = [title, device, "Syncline"].filter((part) => part !== undefined).join(" · ");
  useEffect(() => {
    document.title = name;
  }, [name]);
}
