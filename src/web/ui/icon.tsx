import type { JSX } from "preact";

/** Lines on a 24 by 24 grid, drawn for this page. */
const PATHS = {
  home: "M4 11 12 4l8 7M6 10v9h12v-9M10 19v-5h4v5",
  folder: "M3 7a2 2 0 0 1 2-2h4l2 2h8a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2z",
  file: "M6 3h8l4 4v14H6zM14 3v4h4",
  link: "M4 12h4M16 12h4M8 8v8M16 8v8M8 12h8",
  peers: "M4 5h11v8H4zM2 16h12M15 9h5v10h-6v-3",
  conflict: "M12 3v7m0 0 5 5v6M12 10l-5 5v6M9 6l3-3 3 3",
  history: "M4 12a8 8 0 1 0 2.500-5.800L4 8.500M4 4v4.500h4.500M12 8v4.500l3 2",
  activity: "M3 12h4l3-8 4 16 3-8h4",
  log: "M5 6h14M5 12h14M5 18h9",
  doctor: "M12 6v12M6 12h12M4 4h16v16H4z",
  settings: "M5 7h8M17 7h2M15 5v4M5 12h2M11 12h8M9 10v4M5 17h9M18 17h1M16 15v4",
  bell: "M6 16V11a6 6 0 0 1 12 0v5l1.500 2h-15zM10 20.500h4",
  menu: "M4 7h16M4 12h16M4 17h16",
  close: "M6 6l12 12M18 6 6 18",
  check: "M5 12.500 10 17 19 7",
  warn: "M12 4 2.500 20h19zM12 10v4.500M12 17v.500",
  bad: "M8.500 3h7L21 8.500v7L15.500 21h-7L3 15.500v-7zM12 8v5M12 15.500v.500",
  busy: "M12 4v4M12 16v4M4 12h4M16 12h4M6.500 6.500l2.500 2.500M15 15l2.500 2.500M6.500 17.500 9 15M15 9l2.500-2.500",
  idle: "M9 6v12M15 6v12",
  info: "M12 11v6M12 7.500V8M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z",
  plus: "M12 5v14M5 12h14",
  refresh: "M19 12a7 7 0 1 1-2-5l2 2M19 4v5h-5",
  trash: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13",
  pause: "M9 6v12M15 6v12",
  play: "M8 5v14l11-7z",
  edit: "M5 19l1-4L16 5l3 3L9 18z",
  moon: "M19 14.500A8 8 0 0 1 9.500 5a7.500 7.500 0 1 0 9.500 9.500z",
  out: "M10 5H5v14h5M14 8l4 4-4 4M18 12H9",
  copy: "M8 8h11v12H8zM8 16H5V4h11v4",
  up: "M12 19V6M6 11l6-6 6 6",
  down: "M12 5v13M6 13l6 6 6-6",
  undo: "M8 5 4 9l4 4M4 9h10a5 5 0 0 1 0 10h-4",
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM16 16l4.500 4.500",
  right: "M9 5l7 7-7 7",
  stats: "M4 20V10M10 20V4M16 20v-8M21 20H3",
  users: "M9 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM2 20a7 7 0 0 1 14 0M16 5a4 4 0 0 1 0 7M18 14a6 6 0 0 1 4 6",
  transfer: "M4 9h15l-4-4M20 15H5l4 4",
} as const;

export type IconName = keyof typeof PATHS;

/** Decoration: what it means is always written beside it or named by its button. */
export function Icon({ name }: { readonly name: IconName }): JSX.Element {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
