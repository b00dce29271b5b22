/** Where a node keeps what it owns. Pure: environment and platform are handed in. */

export interface HomePaths {
  /** config.json lies here. */
  readonly configDir: string;
  /** Everything else: identity, index, logs, lock and socket. */
  readonly stateDir: string;
  readonly configFile: string;
  /** Tells which daemon runs here and where its socket is (run-info.ts). */
  readonly runFile: string;
  readonly lockFile: string;
  readonly logDir: string;
  /** Where the control socket lies unless the path is too long for one. */
  readonly socket: string;
}

export interface HomeEnvironment {
  /** From --home or SYNCLINE_HOME, absolute: one directory for all. */
  readonly home: string | undefined;
  readonly platform: string;
  /** The person's home directory. */
  readonly userHome: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The paths of a home. Relative XDG variables are ignored, as their specification asks. */
export function homePaths(options: HomeEnvironment): HomePaths {
  const slash = options.platform === "win32" ? "\\" : "/";
  const { configDir, stateDir } = directories(options, slash);
  const inState = (name: string): string => `${stateDir}${slash}${name}`;
  return {
    configDir,
    stateDir,
    configFile: `${configDir}${slash}config.json`,
    runFile: inState("run.json"),
    lockFile: inState("lock.db"),
    logDir: inState("logs"),
    socket: inState("control.sock"),
  };
}

function directories(
  options: HomeEnvironment,
  slash: string,
): { readonly configDir: string; readonly stateDir: string } {
  const { home, platform, userHome, env } = options;
  if (home !== undefined) return { configDir: home, stateDir: home };
  const at = (...parts: readonly string[]): string => parts.join(slash);
  if (platform === "darwin") {
    const support = at(userHome, "Library", "Application Support", "Syncline");
    return { configDir: support, stateDir: support };
  }
  if (platform === "win32") {
    return {
      configDir: at(env["APPDATA"] ?? at(userHome, "AppData", "Roaming"), "Syncline"),
      stateDir: at(env["LOCALAPPDATA"] ?? at(userHome, "AppData", "Local"), "Syncline"),
    };
  }
  const xdg = (variable: string, ...fallback: readonly string[]): string => {
    const value = env[variable];
    return at(value?.startsWith("/") === true ? value.replace(/\/+$/, "") : at(userHome, ...fallback), "syncline");
  };
  return { configDir: xdg("XDG_CONFIG_HOME", ".config"), stateDir: xdg("XDG_STATE_HOME", ".local", "state") };
}
