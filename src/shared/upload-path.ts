/**
 * Where an uploaded file goes: into the target under its own name, or, when
 * the target is to be its name, in the place of the first part of it. Both
 * sides work it out, so that an answer is matched to what was asked.
 */
export function uploadPath(target: string, into: boolean, name: string): string {
  if (into) return target === "" ? name : `${target}/${name}`;
  const slash = name.indexOf("/");
  return slash === -1 ? target : `${target}${name.slice(slash)}`;
}
