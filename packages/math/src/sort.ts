/** Below this many values the engine's own sort is faster. */
const FEW = 4096
/** Bits of a digit: 2,048 buckets stay in the fastest memory. */
const BITS = 11
const BUCKETS = 1 << BITS
const PASSES = 6

/** Digits of the lower half of the bits. */
const LOWER = 3

/**
 * Sorts numbers (no NaN among them) in place, ascending, and returns them; negative zeros come before positive ones. A radix
 * sort: some six times as fast as comparing for a million values, since digits that all values share cost nothing, and
 * what the upper half of the bits leaves in disorder is mostly so little that it is sooner inserted than sorted by the others.
 */
export function sortNumbers<A extends ArrayBufferLike>(values: Float64Array<A>): Float64Array<A> {
  const n = values.length
  if (n < FEW) return values.sort()
  const counts = countDigits(wordsOf(values), n)
  let lower = 0
  for (let pass = 0; pass < LOWER; pass++) if (!isShared(counts, wordsOf(values), pass)) lower++
  if (lower < LOWER) return byDigits(values, counts, 0)
  byDigits(values, counts, LOWER)
  return insertAll(values) ? values : byDigits(values, countDigits(wordsOf(values), n), 0)
}

/** Whether all values have the same digit. */
const isShared = (counts: Uint32Array, words: Uint32Array, pass: number): boolean =>
  2 * counts[pass * BUCKETS + digit(words, 0, pass)] === words.length

/** Sorts by the digits from one on. */
function byDigits<A extends ArrayBufferLike>(
  values: Float64Array<A>,
  counts: Uint32Array,
  first: number,
): Float64Array<A> {
  const n = values.length
  let [from, to] = [values as Float64Array, new Float64Array(n) as Float64Array]
  let [words, spare] = [wordsOf(from), wordsOf(to)]
  for (let pass = first; pass < PASSES; pass++) {
    // a digit that is the same everywhere moves nothing
    if (isShared(counts, words, pass)) continue
    const count = counts.subarray(pass * BUCKETS, (pass + 1) * BUCKETS)
    for (let bucket = 0, start = 0; bucket < BUCKETS; bucket++) {
      const size = count[bucket]
      count[bucket] = start
      start += size
    }
    move(from, words, to, count, pass)
    ;[from, to, words, spare] = [to, from, spare, words]
  }
  // the bits of negative numbers sort last, and by their size
  let negative = n
  while (negative > 0 && words[2 * negative - 1] >>> 31 === 1) negative--
  if (negative < n) {
    for (let i = 0; i < n - negative; i++) to[i] = from[n - 1 - i]
    to.set(from.subarray(0, negative), n - negative)
    from = to
  }
  if (from !== values) values.set(from)
  return values
}

/** Sorts what is nearly sorted; false where it turned out not to be. */
function insertAll(values: Float64Array): boolean {
  const n = values.length
  let left = 2 * n
  for (let i = 1; i < n; i++) {
    const value = values[i]
    if (values[i - 1] <= value) continue
    let at = i
    for (; at > 0 && values[at - 1] > value; at--) values[at] = values[at - 1]
    values[at] = value
    left -= i - at
    if (left < 0) return false
  }
  return true
}

// low word first, as every machine that runs Node has it
const wordsOf = (values: Float64Array): Uint32Array =>
  new Uint32Array(values.buffer, values.byteOffset, 2 * values.length)

function countDigits(words: Uint32Array, n: number): Uint32Array {
  const counts = new Uint32Array(PASSES * BUCKETS)
  for (let i = 0; i < n; i++) {
    const [low, high] = [words[2 * i], words[2 * i + 1]]
    counts[low & 2047]++
    counts[BUCKETS + ((low >>> 11) & 2047)]++
    counts[2 * BUCKETS + ((low >>> 22) | ((high & 1) << 10))]++
    counts[3 * BUCKETS + ((high >>> 1) & 2047)]++
    counts[4 * BUCKETS + ((high >>> 12) & 2047)]++
    counts[5 * BUCKETS + (high >>> 23)]++
  }
  return counts
}

const digit = (words: Uint32Array, i: number, pass: number): number => {
  const [low, high] = [words[2 * i], words[2 * i + 1]]
  if (pass < 2) return (low >>> (pass * BITS)) & 2047
  if (pass === 2) return (low >>> 22) | ((high & 1) << 10)
  return (high >>> ((pass - 3) * BITS + 1)) & 2047
}

/** Puts each number where its bucket goes on. */
function move(from: Float64Array, words: Uint32Array, to: Float64Array, next: Uint32Array, pass: number): void {
  const n = from.length
  if (pass === 2) {
    for (let i = 0; i < n; i++) to[next[(words[2 * i] >>> 22) | ((words[2 * i + 1] & 1) << 10)]++] = from[i]
    return
  }
  const [word, shift] = pass < 2 ? [0, pass * BITS] : [1, (pass - 3) * BITS + 1]
  for (let i = 0; i < n; i++) to[next[(words[2 * i + word] >>> shift) & 2047]++] = from[i]
}
