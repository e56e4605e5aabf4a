/** Sorts the first n classes in `order`, which ascend, by falling numbers of a row, ties by ascending class. */
export function sortClasses(
  x: Float64Array,
  offset: number,
  order: Int32Array,
  spare: Int32Array,
  n = order.length,
): Int32Array {
  // runs of insertion sort, then merged: both keep the order of equal numbers
  const RUN = 8
  for (let start = 0; start < n; start += RUN) {
    const end = Math.min(n, start + RUN)
    for (let i = start + 1; i < end; i++) {
      const own = order[i]
      const value = x[offset + own]
      let at = i
      for (; at > start && x[offset + order[at - 1]] < value; at--) order[at] = order[at - 1]
      order[at] = own
    }
  }
  let [from, to] = [order, spare]
  for (let width = RUN; width < n; width *= 2) {
    for (let start = 0; start < n; start += 2 * width) {
      const [middle, end] = [Math.min(n, start + width), Math.min(n, start + 2 * width)]
      let [a, b] = [start, middle]
      for (let at = start; at < end; at++)
        to[at] = b >= end || (a < middle && x[offset + from[a]] >= x[offset + from[b]]) ? from[a++] : from[b++]
    }
    ;[from, to] = [to, from]
  }
  return from
}
