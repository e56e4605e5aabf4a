/** A node of a tree of decisions: a split, or a leaf with the rows of each class. */
export interface TreeNode {
  readonly depth: number
  readonly feature: number
  readonly threshold: number
  readonly left: number
  readonly right: number
  /** Rows of each class. */
  readonly counts: readonly number[]
}

const gini = (counts: readonly number[], n: number): number => 1 - counts.reduce((sum, c) => sum + (c / n) ** 2, 0)

/**
 * Returns a tree that splits until its leaves are pure, or to a depth: each time the split that lowers the Gini impurity most, the first of
 * equals. Source: Breiman et al. (1984), as scikit-learn's `DecisionTreeClassifier`, which draws among equals.
 */
export function growTree(
  columns: readonly Float64Array[],
  codes: Int32Array,
  classes: number,
  {
    depth = Infinity,
    features = Array.from(columns.keys()),
  }: { readonly depth?: number; readonly features?: readonly number[] } = {},
): TreeNode[] {
  const nodes: TreeNode[] = []
  const tally = (rows: readonly number[]): number[] => {
    const counts = new Array<number>(classes).fill(0)
    for (const row of rows) counts[codes[row]]++
    return counts
  }
  const build = (rows: readonly number[], at: number): number => {
    const counts = tally(rows)
    const index = nodes.length
    nodes.push({ depth: at, feature: -1, threshold: 0, left: -1, right: -1, counts })
    const impurity = gini(counts, rows.length)
    const split = impurity > 0 && at < depth ? best(rows, counts, impurity) : undefined
    if (split === undefined) return index
    const column = columns[split.feature]
    const left = build(
      rows.filter((row) => column[row] <= split.threshold),
      at + 1,
    )
    const right = build(
      rows.filter((row) => column[row] > split.threshold),
      at + 1,
    )
    nodes[index] = { depth: at, ...split, left, right, counts }
    return index
  }
  const best = (rows: readonly number[], counts: readonly number[], impurity: number) => {
    let [found, least]: [{ feature: number; threshold: number } | undefined, number] = [
      undefined,
      impurity * rows.length - 1e-12,
    ]
    for (const feature of features) {
      const column = columns[feature]
      const order = rows.slice().sort((a, b) => column[a] - column[b])
      const left = new Array<number>(classes).fill(0)
      for (let i = 0; i + 1 < order.length; i++) {
        left[codes[order[i]]]++
        const [here, next] = [column[order[i]], column[order[i + 1]]]
        if (next <= here + 1e-7) continue
        const right = counts.map((count, k) => count - left[k])
        const sides = gini(left, i + 1) * (i + 1) + gini(right, order.length - i - 1) * (order.length - i - 1)
        if (sides < least - 1e-12) {
          least = sides
          found = { feature, threshold: here + (next - here) / 2 }
        }
      }
    }
    return found
  }
  build(Array.from(codes.keys()), 0)
  return nodes
}

/** Returns the class of each row. */
export function classify(nodes: readonly TreeNode[], columns: readonly Float64Array[]): Int32Array {
  return Int32Array.from(columns[0], (_, i) => {
    let node = nodes[0]
    while (node.feature >= 0) node = nodes[columns[node.feature][i] <= node.threshold ? node.left : node.right]
    return node.counts.indexOf(Math.max(...node.counts))
  })
}

/** Returns how much each column lowers the impurity, adding up to 1. */
export function importances(nodes: readonly TreeNode[], features: number): number[] {
  const found = new Array<number>(features).fill(0)
  const weight = ({ counts }: TreeNode): number => {
    const n = counts.reduce((sum, c) => sum + c, 0)
    return n * gini(counts, n)
  }
  for (const node of nodes)
    if (node.feature >= 0) found[node.feature] += weight(node) - weight(nodes[node.left]) - weight(nodes[node.right])
  const total = found.reduce((sum, v) => sum + v, 0)
  return found.map((v) => (total > 0 ? v / total : 0))
}
