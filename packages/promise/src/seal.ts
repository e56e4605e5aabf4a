import { canonical, type Evidence, evidenceId, type Hash, PodError } from '@mlpod/contract'

/** What a sealed model says about itself. */
export interface Seal {
  readonly version: 1
  readonly bodyHash: Hash
  readonly confidence: number
  readonly evidence: readonly Evidence[]
}

/** The keys of a model's metadata that hold the seal. */
export const sealKeys = { promises: 'mlpod.promises', evidence: 'mlpod.evidence' } as const

/**
 * Returns the metadata entries that seal a model: its promises in a line each, and the evidence with the hash of each piece.
 * Volatile evidence (latency) is left out: it speaks of a machine, not of the model.
 */
export function seal({ bodyHash, confidence, evidence }: Omit<Seal, 'version'>): Readonly<Record<string, string>> {
  const lasting = evidence.filter((piece) => !piece.volatile)
  return {
    [sealKeys.promises]: canonical(
      lasting.map((piece) => ({
        name: piece.claim.name,
        statement: piece.claim.statement,
        verdict: piece.verdict,
        evidence: evidenceId(piece),
      })),
    ),
    [sealKeys.evidence]: canonical({ version: 1, bodyHash, confidence, evidence: lasting }),
  }
}

/**
 * Returns the seal in a model's metadata, or undefined when there is none.
 * Throws `SEAL_BROKEN` when it is not readable, speaks of another model body, or a promise's line does not match its evidence.
 */
export function readSeal(metadata: Readonly<Record<string, string>>, bodyHash: Hash): Seal | undefined {
  const text = metadata[sealKeys.evidence]
  if (text === undefined) return undefined
  let seal: Seal
  let lines: { name: string; evidence: Hash }[]
  try {
    seal = JSON.parse(text) as Seal
    lines = JSON.parse(metadata[sealKeys.promises]) as { name: string; evidence: Hash }[]
  } catch (cause) {
    throw new PodError('SEAL_BROKEN', "the model's sealed evidence is not readable", {
      cause,
      hint: 'seal it again: mlpod run',
    })
  }
  if (seal.version !== 1)
    throw new PodError('SEAL_NEWER', `the model is sealed in version ${seal.version}; this version reads 1`, {
      hint: 'upgrade mlpod',
    })
  if (seal.bodyHash !== bodyHash)
    throw new PodError('SEAL_BROKEN', 'the sealed evidence is about another model body', {
      because: `sealed for ${seal.bodyHash.slice(0, 8)}, the file is ${bodyHash.slice(0, 8)}`,
      hint: 'verify and seal it again: mlpod run',
    })
  const stray = seal.evidence.find(
    (piece) => !lines.some((line) => line.name === piece.claim.name && line.evidence === evidenceId(piece)),
  )
  if (stray)
    throw new PodError('SEAL_BROKEN', `the evidence of promise "${stray.claim.name}" does not match its sealed hash`, {
      hint: 'verify and seal it again: mlpod run',
    })
  return seal
}
