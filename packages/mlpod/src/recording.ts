import { randomBytes } from 'node:crypto'
import { type Evidence, evidenceId, hashValue, type RunEvent } from '@mlpod/contract'
import type { Pod } from '@mlpod/pipeline'
import { openStore } from '@mlpod/store'
import { type CodeState, openTrack, recorder } from '@mlpod/track'

/** A run that is being recorded. */
export interface Recording {
  /** 32 hexadecimal digits. */
  readonly run: string
  record(event: RunEvent): void
  /**
   * Writes what a verification showed into the pod's ledger: one row a promise for each evidence on each data, so that the next
   * look at other data is known to be another one. What stands there already is not written again.
   */
  ledger(evidence: readonly Evidence[]): Promise<void>
  close(): void
}

/** What is known of a run before it begins. */
export interface RecordingOptions {
  readonly command: string
  readonly code: CodeState | undefined
  readonly onProblem: (error: unknown) => void
}

/** Begins to record a run of a pod: commit, command, parameters, metrics, outputs. Recording never fails the run. */
export function recordRun(pod: Pod, { command, code, onProblem }: RecordingOptions): Recording {
  const run = randomBytes(16).toString('hex')
  const track = openTrack(pod.root)
  return {
    run,
    record: recorder(track, { command: `mlpod ${command}`, code, onProblem }),
    async ledger(evidence) {
      const known = new Set(track.ledgerRows().map((row) => row.evidenceId))
      const store = openStore(pod.root)
      for (const piece of evidence) {
        const id = evidenceId(piece)
        if (known.has(id)) continue
        const { hash } = await store.putBytes(JSON.stringify(piece))
        track.appendLedger({
          promise: piece.claim.name,
          evidenceId: id,
          evidence: hash,
          data: hashValue(piece.inputs.data),
          verdict: piece.verdict,
          run,
          ...(code && { commit: code.commit }),
        })
      }
    },
    close: () => track.close(),
  }
}
