/** Why a target is missed, in a sentence: for the page, where that metric misses it. */
export const missed: Readonly<Record<string, string>> = {};
