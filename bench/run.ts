import { globSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Bench, median, peerPackages, peerPython, type Seconds, versionIn } from './bench.ts'

const names = globSync('*/index.ts', { cwd: import.meta.dirname })
  .map(dirname)
  .sort()
const load = async (name: string): Promise<Bench> =>
  ((await import(join(import.meta.dirname, name, 'index.ts'))) as { default: Bench }).default

/** Rounds of ours, theirs, ours, theirs, ...: what the machine does meanwhile hits both. */
const ROUNDS = Number(process.env.ROUNDS ?? 5)

const [asked] = process.argv.slice(2)
if (asked === undefined) {
  const width = 2 + Math.max(...names.map(({ length }) => length))
  for (const name of names) console.log(`${name.padEnd(width)}${(await load(name)).about}`)
  console.log('\nnpm run bench -- NAME   runs ours and the peer in turn and prints one JSON line a case (ROUNDS=5)')
} else if (!names.includes(asked)) {
  console.error(`there is no benchmark "${asked}"; there are ${names.join(', ')}`)
  process.exitCode = 2
} else {
  const bench = await load(asked)
  const python = bench.peer.environment === 'npm' ? peerPackages() : peerPython(bench.peer.environment)
  const clean = await bench.prepare?.(python)
  try {
    const [ours, theirs]: [Seconds[], Seconds[]] = [[], []]
    for (let round = 0; round < ROUNDS; round++) {
      ours.push(bench.ours())
      theirs.push(bench.theirs(python))
    }
    for (const [work, { n, peer }] of Object.entries(bench.cases)) {
      const [ours_s, peer_s] = [ours, theirs].map((rounds) => median(rounds.map((seconds) => seconds[work])))
      const ratio = ours_s / peer_s
      console.log(
        JSON.stringify({
          work,
          n,
          ours_s: Number(ours_s.toPrecision(4)),
          peer: peer ?? bench.peer.name,
          peer_version: versionIn(python, peer ?? bench.peer.package),
          peer_s: Number(peer_s.toPrecision(4)),
          ratio: Number(ratio.toPrecision(3)),
        }),
      )
    }
  } finally {
    clean?.()
  }
}
