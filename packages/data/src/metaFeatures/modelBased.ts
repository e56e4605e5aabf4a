import { type MetaFeature, type MetaGroup, once } from './group.ts'
import type { MetaTable } from './table.ts'
import { growTree, importances, type TreeNode } from './tree.ts'

/** The tree of a table, grown until its leaves are pure. */
const treeOf = once((t): TreeNode[] => growTree(t.numbers, t.target.codes, t.classes.length))

const size = ({ counts }: TreeNode): number => counts.reduce((sum, c) => sum + c, 0)
const leaves = (t: MetaTable): TreeNode[] => treeOf(t).filter(({ feature }) => feature < 0)
const inner = (t: MetaTable): TreeNode[] => treeOf(t).filter(({ feature }) => feature >= 0)
const shape = ({ depth }: TreeNode): number => depth * 2 ** -depth
const counts = (list: readonly number[]): number[] => {
  const found = new Map<number, number>()
  for (const v of list) found.set(v, (found.get(v) ?? 0) + 1)
  return [...found].sort((a, b) => a[0] - b[0]).map(([, count]) => count)
}
const of =
  (list: (t: MetaTable) => readonly TreeNode[], value: (node: TreeNode, t: MetaTable) => number): MetaFeature =>
  (t) =>
    list(t).map((node) => value(node, t))

/** The form of an unpruned tree of decisions. Source: pymfe 0.4, group `model-based`; Peng et al. (2002). */
export const modelBased = {
  leaves: (t) => leaves(t).length,
  leaves_branch: of(leaves, ({ depth }) => depth),
  leaves_corrob: of(leaves, (node, { n }) => size(node) / n),
  leaves_homo: (t) => leaves(t).map((node) => leaves(t).length / shape(node)),
  leaves_per_class: (t) =>
    counts(leaves(t).map((node) => node.counts.indexOf(Math.max(...node.counts)))).map((c) => c / leaves(t).length),
  nodes: (t) => inner(t).length,
  nodes_per_attr: (t) => inner(t).length / t.numbers.length,
  nodes_per_inst: (t) => inner(t).length / t.n,
  nodes_per_level: (t) => counts(inner(t).map(({ depth }) => depth)),
  nodes_repeated: (t) => counts(inner(t).map(({ feature }) => feature)),
  tree_depth: of(treeOf, ({ depth }) => depth),
  tree_imbalance: (t) => {
    // leaves of one depth are equally likely to be reached
    const depths = leaves(t).map(({ depth }) => depth)
    return [...new Set(depths)]
      .sort((a, b) => a - b)
      .map((depth) => {
        const p = depths.filter((d) => d === depth).length * 2 ** -depth
        return p === 0 ? 0 : -p * Math.log2(p)
      })
  },
  tree_shape: of(leaves, shape),
  var_importance: (t) => importances(treeOf(t), t.numbers.length),
} as const satisfies MetaGroup
