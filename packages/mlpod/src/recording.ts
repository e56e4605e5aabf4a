import { randomBytes } from 'node:crypto'
import { type Evidence, hashValue, type RunEvent } from '@mlpod/contract'
import type { Pod } from '@mlpod/pipeline'
import { evidenceId } from '@mlpod/promise'
import { openStore } from '@mlpod/store'
import { codeState, openTrack, recorder } from '@mlpod/track'

/** A run that is being recorded. */
export interface Recording {
  /** 32 hexadecimal digits. */
  readonly run: string
  record(event: RunEvent): void
  close(): void
}

/** Begins to record a run of a pod: commit, command, parameters, metrics, outputs. Recording never fails the run. */
export async function recordRun(
  pod: Pod,
  { command, onProblem }: { readonly command: string; readonly onProblem: (error: unknown) => void },
): Promise<Recording> {
  const run = randomBytes(16).toString('hex')
  const track = openTrack(pod.root)
  const record = recorder(track, { command: `mlpod ${command}`, code: await codeState(pod.root), onProblem })
  return { run, record, close: () => track.close() }
}

/**
 * Writes what a verification showed into the pod's ledger: one row a promise for each evidence on each data, so that the next
 * look at other data is known to be another one. What stands there already is not written again.
 */
export async function recordLedger(pod: Pod, evidence: readonly Evidence[], run: string): Promise<void> {
  const track = openTrack(pod.root)
  try {
    const known = new Set(track.ledgerRows().map((row) => row.evidenceId))
    const fresh = evidence.filter((piece) => !known.has(evidenceId(piece)))
    if (fresh.length === 0) return
    const store = openStore(pod.root)
    const commit = (await codeState(pod.root))?.commit
    for (const piece of fresh) {
      const { hash } = await store.putBytes(new TextEncoder().encode(JSON.stringify(piece)))
      track.appendLedger({
        promise: piece.claim.name,
        evidenceId: evidenceId(piece),
        evidence: hash,
        data: hashValue(piece.inputs.data),
        verdict: piece.verdict,
        run,
        ...(commit ? { commit } : {}),
      })
    }
  } finally {
    track.close()
  }
}
