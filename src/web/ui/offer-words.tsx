import type { JSX } from "preact";
import type { PeerStatus } from "../../shared/api-peers.ts";
import { may } from "../api/live.ts";
import { href } from "../route.ts";
import { Name } from "./basics.tsx";

/** That a peer shares a folder which this node does not share, and where that is changed. */
export function OfferWords(props: {
  readonly peer: PeerStatus;
  readonly offer: PeerStatus["offers"][number];
}): JSX.Element {
  const { peer, offer } = props;
  const there = offer.isHere
    ? href("folders", offer.id)
    : `${href("folders")}?add=${encodeURIComponent(offer.id)}&from=${encodeURIComponent(peer.id)}`;
  return (
    <>
      Shares <Name>{offer.label}</Name>, which is {offer.isHere ? "here, but not shared with it" : "not here yet"}.{" "}
      {may("folderAdd") ? <a href={there}>{offer.isHere ? "Share it back" : "Take it up"}</a> : null}
    </>
  );
}
