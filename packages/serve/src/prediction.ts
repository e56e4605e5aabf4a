import type { GuardMetadata, Tensor } from '@mlpod/contract'

/** What the server says of one row. Null stands where the model gave no finite number; such a row is abstained from. */
export interface Prediction {
  /** The label's name. */
  readonly value: string | null
  /** Probability of each label, by name. */
  readonly probability: Readonly<Record<string, number | null>>
  /** The labels that the calibrated prediction set holds. */
  readonly set: readonly string[]
  /** Out-of-distribution p-value: small where the row is unlike anything seen. */
  readonly ood: number | null
  readonly abstained: boolean
  /** Why it abstained, in words. */
  readonly reasons: readonly string[]
  /** Log-odds that each column adds, by column; on request. */
  readonly attributions?: Readonly<Record<string, number | null>>
}

/** The outputs that a guarded model must have for `predictionOf`. */
export const NEEDED = ['prediction', 'probability', 'set', 'ood_p', 'abstain', 'reasons', 'attributions'] as const

/** Returns what a guarded model's outputs say of row `i`. */
export function predictionOf(
  outputs: Readonly<Record<string, Tensor>>,
  i: number,
  { label: { names }, columns, reasons: reasonNames }: GuardMetadata,
  { attributions }: { readonly attributions: boolean },
): Prediction {
  const k = names.length
  const probability = outputs.probability.data as Float32Array
  const set = outputs.set.data as Uint8Array
  const reasons = (outputs.reasons.data as BigInt64Array)[i]
  const known = Number.isFinite(probability[i * k])
  return {
    value: known ? (names[Number((outputs.prediction.data as BigInt64Array)[i])] ?? null) : null,
    probability: Object.fromEntries(names.map((name, j) => [name, short(probability[i * k + j])])),
    set: names.filter((_, j) => set[i * k + j] === 1),
    ood: short((outputs.ood_p.data as Float32Array)[i]),
    abstained: !known || (outputs.abstain.data as Uint8Array)[i] === 1,
    reasons: [
      ...reasonNames.filter((_, bit) => (reasons >> BigInt(bit)) & 1n),
      ...(known ? [] : ['the model gives no finite number']),
    ],
    ...(attributions
      ? {
          attributions: Object.fromEntries(
            columns.map(({ name }, j) => [
              name,
              short((outputs.attributions.data as Float32Array)[i * columns.length + j]),
            ]),
          ),
        }
      : {}),
  }
}

/** The shortest decimal that is this float32 again; null for what is no finite number. */
function short(x: number): number | null {
  if (!Number.isFinite(x)) return null
  if (Math.fround(x) !== x) return x
  for (let digits = 7; digits < 9; digits++) {
    const rounded = Number(x.toPrecision(digits))
    if (Math.fround(rounded) === x) return rounded
  }
  return Number(x.toPrecision(9))
}
