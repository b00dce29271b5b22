/** The helper sleeps. */
export const HELPER_IDLE = 0;
/** A job was posted; may be taken back as long as nobody works at it. */
export const HELPER_CALLED = 1;
export const HELPER_WORKING = 2;
/** The thread is ending: a new one is needed. */
export const HELPER_GONE = 3;
