/** What a folder is called on the page: its label, unless that is unknown here or another folder's, too. */
export function folderTitle(id: string, folders: readonly { readonly id: string; readonly label: string }[]): string {
  const label = folders.find((folder) => folder.id === id)?.label;
  return label === undefined || folders.filter((folder) => folder.label === label).length > 1 ? id : label;
}
