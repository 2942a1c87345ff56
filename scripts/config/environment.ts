/** What a process was given to read: names and texts. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Return the variables of this process. The only place that reads them. */
export function environment(): Environment {
  return process.env;
}
