import { PodError } from '@mlpod/contract'
import type { AnyNode } from './node.ts'

/**
 * Returns Kahn's layers (Kahn 1962), by name in code-point order inside a layer. Throws `CYCLE` with the names on it.
 */
export function layers(
  byName: ReadonlyMap<string, AnyNode>,
  parents: ReadonlyMap<string, readonly string[]>,
): AnyNode[][] {
  const groups: AnyNode[][] = []
  const done = new Set<string>()
  while (done.size < byName.size) {
    const ready = [...byName.keys()].filter((name) => !done.has(name) && parents.get(name)!.every((p) => done.has(p)))
    if (ready.length === 0) throw cycle(byName, parents, done)
    for (const name of ready) done.add(name)
    groups.push(ready.sort(byCodePoint).map((name) => byName.get(name)!))
  }
  return groups
}

function cycle(
  byName: ReadonlyMap<string, AnyNode>,
  parents: ReadonlyMap<string, readonly string[]>,
  done: ReadonlySet<string>,
): PodError {
  const path: string[] = []
  let name = [...byName.keys()].find((candidate) => !done.has(candidate))!
  while (!path.includes(name)) {
    path.push(name)
    name = parents.get(name)!.find((parent) => !done.has(parent))!
  }
  const loop = [...path.slice(path.indexOf(name)), name].reverse()
  return new PodError('CYCLE', `these nodes wait for each other: ${loop.join(' -> ')}`, {
    hint: 'one of them must not read what comes of it',
  })
}

/** Compares by code point, not by UTF-16 unit. */
export function byCodePoint(a: string, b: string): number {
  const x = [...a]
  const y = [...b]
  for (let i = 0; i < x.length && i < y.length; i++)
    if (x[i] !== y[i]) return x[i].codePointAt(0)! - y[i].codePointAt(0)!
  return x.length - y.length
}
