/** A part of a source that something else may stand for. */
export interface Site {
  readonly file: string;
  /** [bytes] */
  readonly start: number;
  readonly end: number;
  /** What the part is: `wrap` puts text around it, whatever it is. */
  readonly form: "expression" | "statement" | "modifier" | "wrap";
  /** What stands for it; for `wrap`, what comes before it. */
  readonly text: string;
  /** What comes after it, for `wrap`. */
  readonly after?: string;
  /** Type to which literals are brought. */
  readonly cast?: string | undefined;
}

/** A site and the switch that turns it on: an expression of Solidity. */
export interface Switched {
  readonly site: Site;
  readonly when: string;
}

interface Group {
  readonly start: number;
  readonly end: number;
  readonly choices: Switched[];
  readonly inner: Group[];
}

/** A source that holds all sites of it, each behind its switch. @throws when sites overlap without one holding the other. */
export function rewrite(source: string, switched: readonly Switched[]): string {
  const root: Group = { start: 0, end: source.length, choices: [], inner: [] };
  const sorted = [...switched].sort(
    (a, b) =>
      a.site.start - b.site.start ||
      b.site.end - a.site.end ||
      Number(b.site.form === "wrap") - Number(a.site.form === "wrap"),
  );
  const open = [root];
  for (const choice of sorted) place(open, choice);
  return render(source, root);
}

function place(open: Group[], choice: Switched): void {
  const { start, end } = choice.site;
  while ((open.at(-1)?.end ?? 0) < end || (open.at(-1)?.end ?? 0) <= start) {
    if (open.length === 1) break;
    open.pop();
  }
  const around = open.at(-1);
  if (around === undefined) return;
  const last = around.inner.at(-1);
  if (last !== undefined && start < last.end) {
    throw new Error(`Sites overlap in "${choice.site.file}" at ${start}.`);
  }
  const isSame = around.start === start && around.end === end && around.choices.length !== 0;
  if (isSame && isWrap(around) === (choice.site.form === "wrap")) {
    around.choices.push(choice);
    return;
  }
  const group: Group = { start, end, choices: [choice], inner: [] };
  around.inner.push(group);
  open.push(group);
}

function isWrap({ choices }: Group): boolean {
  return choices[0]?.site.form === "wrap";
}

function render(source: string, group: Group): string {
  let text = "";
  let at = group.start;
  for (const inner of group.inner) {
    text += source.slice(at, inner.start) + render(source, inner);
    at = inner.end;
  }
  return choose(text + source.slice(at, group.end), group.choices);
}

function choose(original: string, choices: readonly Switched[]): string {
  switch (choices[0]?.site.form) {
    case "expression":
      return chooseExpression(original, choices);
    case "statement":
      return `{ ${choices.map(({ site, when }) => `if (${when}) { ${site.text} } else `).join("")}{ ${original} } }`;
    case "modifier":
      return withArgument(
        original,
        choices
          .map(({ when }) => when)
          .filter(Boolean)
          .join(" || ") || "false",
      );
    case "wrap":
      return choices.reduce((text, { site }) => `${site.text}${text}${site.after ?? ""}`, original);
    default:
      return original;
  }
}

function chooseExpression(original: string, choices: readonly Switched[]): string {
  const cast = choices.find(({ site }) => site.cast !== undefined)?.site.cast;
  const typed = (text: string) => (cast === undefined ? `(${text})` : `${cast}(${text})`);
  const others = choices.map(({ site, when }) => `${when} ? ${typed(site.text)} : `).join("");
  return `(${others}${typed(original)})`;
}

/** A call of a modifier with one more argument. */
function withArgument(call: string, argument: string): string {
  if (!call.endsWith(")")) return `${call}(${argument})`;
  const open = call.slice(0, -1);
  return `${open}${open.trimEnd().endsWith("(") ? "" : ", "}${argument})`;
}
