import type { Claim, Evidence, EvidencePart, Hash, Measured, MeasuredPart, PValues, Verdict } from '@mlpod/contract'
import { checkMeasured } from './checkMeasured.ts'
import { type Decision, holmDecisions, lookShare } from './family.ts'
import { neededFactor } from './needs.ts'
import type { PromiseSet } from './promises.ts'
import { testOf } from './tests/index.ts'
import type { Tails } from './tests/test.ts'

/** What the evidence records about where the measurements were made. */
export interface Provenance {
  readonly data: readonly Hash[]
  readonly model?: Hash
  readonly code: Hash
  readonly params: Hash
  readonly environment: Hash
}

/** A measured claim of the set, ready to be judged. */
export interface Measurements {
  readonly [name: string]: { readonly measured: Measured; readonly provenance: Provenance; readonly look: number }
}

interface Judged {
  readonly name: string
  readonly claim: Claim
  readonly measured: Measured
  readonly parts: readonly MeasuredPart[]
  readonly partP: readonly PValues[]
  readonly p: PValues
  readonly look: number
  readonly share: number
  readonly exact: boolean
}

/**
 * Returns the evidence of every measured claim, by name, in the set's order.
 * kept = the test rejects "the claim is false"; broken = it rejects "the claim is true"; else undecided. Both are Holm families
 * over all measured claims with sampling error, each at 1 - confidence; the j-th look at a claim on new data spends `lookShare(j)` of it.
 * A claim by group is one member: kept by the largest p of its parts, broken by Holm inside. Exact claims stand outside the families.
 * Volatile claims have families of their own, with their share of the error: what speaks of the model must not change with the
 * speed of a machine.
 * Throws what `checkMeasured` throws, `COUNT_INVALID`, and `LOOK_INVALID`, naming the promise.
 */
export function judge(set: PromiseSet, measurements: Measurements): Readonly<Record<string, Evidence>> {
  const judged = Object.keys(set.claims)
    .filter((name) => name in measurements)
    .map((name) => weigh(name, set.claims[name], measurements[name].measured, measurements[name].look))
  const uncertain = judged.filter(({ exact }) => !exact)
  const decisions = new Map<Judged, { readonly kept: Decision; readonly broken: Decision }>()
  for (const family of [
    uncertain.filter(({ claim }) => !claim.volatile),
    uncertain.filter(({ claim }) => claim.volatile),
  ]) {
    const delta = ((1 - set.confidence) * family.length) / uncertain.length
    const [kept, broken] = (['kept', 'broken'] as const).map((side) =>
      holmDecisions(
        family.map(({ p, share }) => ({ p: p[side], share })),
        delta,
      ),
    )
    family.forEach((member, i) => {
      decisions.set(member, { kept: kept[i], broken: broken[i] })
    })
  }
  return Object.fromEntries(
    judged.map((member) => [
      member.name,
      evidenceOf(member, decisions.get(member) ?? exactDecisions(member.p), measurements[member.name].provenance),
    ]),
  )
}

function weigh(name: string, claim: Claim, measured: Measured, look: number): Judged {
  const parts = checkMeasured(name, claim, measured)
  const partP = parts.map(({ measurement }) => testOf(measurement).p(measurement, claim.operator, claim.threshold))
  const p = {
    kept: Math.max(...partP.map(({ kept }) => kept)),
    broken: Math.min(1, parts.length * Math.min(...partP.map(({ broken }) => broken))),
  }
  const exact = parts.every(({ measurement }) => measurement.kind === 'exact')
  return { name, claim, measured, parts, partP, p, look, share: lookShare(look), exact }
}

const exactDecisions = (p: PValues): { kept: Decision; broken: Decision } => ({
  kept: { rejected: p.kept === 0, level: 0 },
  broken: { rejected: p.broken === 0, level: 0 },
})

function evidenceOf(
  member: Judged,
  { kept, broken }: { kept: Decision; broken: Decision },
  provenance: Provenance,
): Evidence {
  const { claim, measured, parts, name, p } = member
  const verdict: Verdict = kept.rejected ? 'kept' : broken.rejected ? 'broken' : 'undecided'
  const inside = broken.level / parts.length
  const tails: Tails =
    claim.operator === '<=' ? { lower: inside, upper: kept.level } : { lower: kept.level, upper: inside }
  const rows = parts.map(({ name: part, measurement }, i): EvidencePart => {
    const test = testOf(measurement)
    const [lower, upper] = test.bounds(measurement, tails)
    const partVerdict = member.exact
      ? member.partP[i].kept === 0
        ? 'kept'
        : 'broken'
      : member.partP[i].kept <= kept.level
        ? 'kept'
        : member.partP[i].broken <= inside
          ? 'broken'
          : 'undecided'
    return {
      name: part,
      estimate: test.estimate(measurement),
      lower,
      upper,
      n: test.n(measurement),
      verdict: partVerdict,
      p: member.partP[i],
    }
  })
  const worst = rows.reduce((a, b) => (worse(claim, b, a) ? b : a))
  const needs = verdict === 'undecided' ? neededRows(member, rows, kept.level, inside) : undefined
  return {
    version: 1,
    claim: { name, statement: claim.statement, operator: claim.operator, threshold: claim.threshold },
    verdict,
    estimate: worst.estimate,
    lower: worst.lower,
    upper: worst.upper,
    n: rowsOf(measured, rows),
    dropped: measured.dropped,
    ...(needs === undefined ? {} : { needs }),
    p,
    method: [measured.method, ...new Set(parts.map(({ measurement }) => testOf(measurement).method))].join('; '),
    ...(measured.parts ? { parts: rows } : {}),
    ...(measured.detail === undefined ? {} : { detail: measured.detail }),
    inputs: {
      data: provenance.data,
      ...(provenance.model ? { model: provenance.model } : {}),
      code: provenance.code,
      params: provenance.params,
    },
    environment: provenance.environment,
    ...(measured.seed === undefined ? {} : { seed: measured.seed }),
    ...(claim.volatile ? { volatile: true } : {}),
  }
}

/** How many rows a claim was measured on: as it says, or else the most that one part has. */
const rowsOf = (measured: Measured, rows: readonly EvidencePart[]): number =>
  measured.n ?? Math.max(...rows.map((row) => row.n))

/** The worst part is the one whose claim is least supported; ties by the estimate. */
function worse(claim: Claim, a: EvidencePart, b: EvidencePart): boolean {
  if (a.p.kept !== b.p.kept) return a.p.kept > b.p.kept
  return claim.operator === '<=' ? a.estimate > b.estimate : a.estimate < b.estimate
}

/**
 * Further rows that would probably decide, at the level of the next look: one part on the wrong side is enough to break; all
 * parts are needed to keep.
 */
function neededRows(
  { claim, measured, parts, look, share }: Judged,
  rows: readonly EvidencePart[],
  keptLevel: number,
  brokenLevel: number,
): number | undefined {
  const next = lookShare(look + 1) / share
  const measurements = parts.map(({ measurement }) => measurement)
  const wrong = measurements.filter((_, i) =>
    claim.operator === '<=' ? rows[i].estimate > claim.threshold : rows[i].estimate < claim.threshold,
  )
  const factor =
    wrong.length > 0
      ? Math.min(...wrong.map((one) => neededFactor([one], claim, 'broken', brokenLevel * next)))
      : neededFactor(measurements, claim, 'kept', keptLevel * next)
  const n = rowsOf(measured, rows)
  return Number.isFinite(factor) ? Math.max(1, Math.ceil(n * (factor - 1))) : undefined
}
