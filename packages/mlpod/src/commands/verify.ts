import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Evidence, evidenceId, PodError } from '@mlpod/contract'
import { type CommandRun, exitCode, type Terminal } from '../command.ts'
import type { OpenPod } from '../pod.ts'
import { addSummary, annotationLine, inActions, verdictAnnotations } from '../terminal/github.ts'
import { ledgerLines, ledgerMarkdown, needLines, tally } from '../terminal/ledger.ts'
import { readEvidence, verifyingNode } from '../verdicts.ts'
import { openToRun, overridesOf, type PodToRun, runAndReport } from './run.ts'

/** `mlpod verify`: the gate. */
export const verify: CommandRun = async (values, _positionals, terminal) => {
  const opened = await openToRun(terminal.cwd)
  const { pod } = opened
  const verifier = verifyingNode(pod)
  if (verifier === undefined)
    throw new PodError('PROMISES_MISSING', `pod "${pod.name}" has no node that verifies promises`, {
      hint: 'add verification({ promises, evidence: catalog.evidence }) to a pipeline',
    })
  const quiet: Terminal = { ...terminal, json: false, quiet: terminal.quiet || terminal.json }
  const result = await runAndReport(
    opened,
    quiet,
    {
      only: { nodes: [verifier.name] },
      overrides: overridesOf(values),
      ...(values.fresh ? { force: [verifier.name] } : {}),
    },
    { showCached: false },
  )
  if (result.status !== 'finished') return result.exit
  const evidence = await readEvidence(pod, result.nodes[verifier.name].outputs)
  const exit = exitOf(evidence, values.strict === true)
  if (values.junit) await writeFile(join(terminal.cwd, String(values.junit)), junit(pod.name, evidence))
  if (values.md) await writeFile(join(terminal.cwd, String(values.md)), ledgerMarkdown(pod.name, evidence))
  if (terminal.json) terminal.stdout.write(`${JSON.stringify(document(opened, evidence, exit))}\n`)
  else if (!terminal.quiet || exit !== exitCode.done) show(opened, evidence, terminal)
  addSummary(ledgerMarkdown(pod.name, evidence))
  if (inActions())
    for (const annotation of verdictAnnotations(evidence)) terminal.stderr.write(`${annotationLine(annotation)}\n`)
  return exit
}

const exitOf = (evidence: readonly Evidence[], strict: boolean): number =>
  evidence.some(({ verdict }) => verdict === 'broken')
    ? exitCode.no
    : strict && evidence.some(({ verdict }) => verdict === 'undecided')
      ? exitCode.undecided
      : exitCode.done

function show({ pod, config }: OpenPod, evidence: readonly Evidence[], { stdout, out, width }: Terminal): void {
  stdout.write(`\n${ledgerLines(evidence, out, { width }).join('\n')}\n\n`)
  const uncertain = evidence.filter(({ lower, upper }) => lower !== upper).length
  stdout.write(
    `  ${tally(evidence, out)}   (Holm over ${uncertain} claims, confidence ${config.promises?.confidence ?? 0.95})\n`,
  )
  const needs = needLines(evidence, out)
  if (needs.length > 0) stdout.write(`${needs.join('\n')}\n`)
  const made = Object.values(pod.catalog).find(({ kind, file }) => kind === 'json' && file?.includes('evidence'))
  if (made?.file) stdout.write(`  evidence  ${made.file}\n`)
}

/** The document of `--json`. */
function document({ pod, config, code }: PodToRun, evidence: readonly Evidence[], exit: number): object {
  const count = (verdict: Evidence['verdict']): number => evidence.filter((piece) => piece.verdict === verdict).length
  return {
    v: 1,
    pod: pod.name,
    ...(code ? { commit: code.commit, dirty: code.changed > 0 } : {}),
    confidence: config.promises?.confidence ?? 0.95,
    correction: 'holm',
    promises: evidence.map(({ claim, estimate, lower, upper, n, verdict, needs, parts, ...rest }) => ({
      name: claim.name,
      claim: { statement: claim.statement, op: claim.operator, threshold: claim.threshold },
      value: estimate,
      interval: [lower, upper],
      n,
      verdict,
      ...(needs === undefined ? {} : { needs }),
      ...(parts ? { parts } : {}),
      evidence: evidenceId({
        claim,
        estimate,
        lower,
        upper,
        n,
        verdict,
        ...(needs === undefined ? {} : { needs }),
        ...(parts ? { parts } : {}),
        ...rest,
      }),
    })),
    summary: { kept: count('kept'), broken: count('broken'), undecided: count('undecided') },
    exit,
  }
}

const xml = (text: string): string =>
  text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c] as string)

const sentence = ({ claim, estimate, lower, upper, n }: Evidence): string =>
  `${claim.statement}: measured ${estimate} [${lower}, ${upper}] on ${n} rows`

/** JUnit XML: a broken promise is a failure, an undecided one is skipped. */
function junit(pod: string, evidence: readonly Evidence[]): string {
  const cases = evidence.map((piece) => {
    const inner =
      piece.verdict === 'broken'
        ? `<failure message="${xml(sentence(piece))}"/>`
        : piece.verdict === 'undecided'
          ? `<skipped message="${xml(sentence(piece))}"/>`
          : ''
    return `  <testcase classname="${xml(pod)}.promises" name="${xml(piece.claim.name)}">${inner}</testcase>`
  })
  const count = (verdict: Evidence['verdict']): number => evidence.filter((piece) => piece.verdict === verdict).length
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuite name="${xml(pod)} promises" tests="${evidence.length}" failures="${count('broken')}" skipped="${count('undecided')}">\n${cases.join('\n')}\n</testsuite>\n`
}
