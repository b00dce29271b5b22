/** `syncline completion`: what makes a shell ask `syncline __complete`. */
import { choice, textArgument } from "../arguments.ts";
import type { CommandHandler } from "../command-rows/command-row.ts";
import { COMPLETION_SCRIPTS } from "../completion/scripts.ts";

export const completion: CommandHandler = async (session, args) => {
  const shell = choice(textArgument(args, 0), "shell", ["bash", "zsh", "fish"] as const);
  if (session.globals.json) session.json({ shell, script: COMPLETION_SCRIPTS[shell] });
  else session.io.out(COMPLETION_SCRIPTS[shell]);
};
