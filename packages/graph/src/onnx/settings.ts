import type { Message } from './proto.ts'

/** Floating inputs that tell how an operator works, and never learn, by operator. */
const SETTINGS: Readonly<Record<string, readonly number[] | undefined>> = {
  Resize: [1, 2],
  Upsample: [1],
  Dropout: [1],
  NonMaxSuppression: [3, 4],
}

/** Returns the names that a graph's nodes read only as settings: initializers of such names are no parameters. */
export function settingsOf(graph: Message<'GraphProto'>): ReadonlySet<string> {
  const [settings, others] = [new Set<string>(), new Set<string>((graph.output ?? []).map(({ name = '' }) => name))]
  collect(graph, settings, others)
  return settings.difference(others)
}

function collect(graph: Message<'GraphProto'>, settings: Set<string>, others: Set<string>): void {
  for (const { opType = '', domain = '', input = [], attribute = [] } of graph.node ?? []) {
    const places = domain === '' || domain === 'ai.onnx' ? SETTINGS[opType] : undefined
    for (const [i, name] of input.entries()) (places?.includes(i) ? settings : others).add(name)
    for (const { g } of attribute) {
      if (g === undefined) continue
      for (const { name = '' } of g.output ?? []) others.add(name)
      collect(g, settings, others)
    }
  }
}
