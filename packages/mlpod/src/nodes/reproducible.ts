import type { Claim } from '@mlpod/contract'

/**
 * Returns the claim that the pod's nodes, run again from the same inputs, give the same bytes. `nodes`: all nodes before the
 * verifying one that are not volatile, by default. Each output is a part; the claim is exact, per environment.
 */
export const reproducible = ({ nodes }: { readonly nodes?: readonly string[] } = {}): Claim => ({
  statement: 'outputs that differ when rebuilt = 0',
  quantity: 'outputs that differ when rebuilt',
  operator: '=',
  threshold: 0,
  data: {},
  async measure(_inputs, { rebuild }) {
    const rebuilt = await rebuild(nodes)
    const differing = rebuilt.filter(({ first, second }) => first !== second)
    return {
      whole: { kind: 'exact', value: differing.length, n: rebuilt.length },
      dropped: 0,
      method: `${new Set(rebuilt.map(({ node }) => node)).size} nodes run again from the same inputs, outputs compared by hash`,
      ...(differing.length > 0
        ? { detail: { differing: differing.map(({ node, output }) => `${node}.${output}`) } }
        : {}),
    }
  },
})
