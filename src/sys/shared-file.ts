/** Does `work` on a file that others may be replacing or reading at this moment: Windows alone has to try that again. */
export function withSharedFile<T>(work: () => T): T {
  return work();
}
