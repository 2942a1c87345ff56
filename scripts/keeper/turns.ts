/** Several keepers that share the work without speaking to each other. */
export interface Fleet {
  readonly instance: string;
  /** Names of all, in any order; empty when this one is alone. */
  readonly names: readonly string[];
  /** Blocks that each leaves to the one before it. */
  readonly turnBlocks: number;
}

const OFFSET = 2_166_136_261;
const PRIME = 16_777_619;

/** Return how many others come before this keeper at something: everybody works that out the same. */
export function rankOf(subject: string, { instance, names }: Fleet): number {
  const mine = weight(`${subject}/${instance}`);
  return names.filter((name) => {
    const other = weight(`${subject}/${name}`);
    return name !== instance && (other < mine || (other === mine && name < instance));
  }).length;
}

/** Whether it is this keeper's turn: each waits a little longer than the one before it. */
export function isTurn(subject: string, blocksSeen: number, fleet: Fleet): boolean {
  return blocksSeen >= rankOf(subject, fleet) * fleet.turnBlocks;
}

/** A hash that spreads well enough and is the same everywhere (FNV-1a, its bits mixed once more). */
function weight(text: string): number {
  let hash = OFFSET;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), PRIME) >>> 0;
  }
  const mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (mixed ^ (mixed >>> 13)) >>> 0;
}
