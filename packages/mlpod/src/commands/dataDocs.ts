import { mkdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { escapeHtml, htmlPage, PodError } from '@mlpod/contract'
import { openTable, profile, profileHtml, suiteHtml } from '@mlpod/data'
import { writeAtomic } from '@mlpod/store'
import { type CommandRun, exitCode } from '../command.ts'
import { loadSuite } from './dataCheck.ts'

/** `mlpod data docs`: pages that say what a table holds, and whether it is as a suite expects. */
export const dataDocs: CommandRun = async (values, files, terminal) => {
  if (files.length !== 1)
    throw new PodError('OPTION_INVALID', `mlpod data docs describes one table, not ${files.length}`, {
      hint: 'mlpod data docs FILE',
    })
  const expected = values.suite === undefined ? undefined : await loadSuite(String(values.suite), terminal.cwd)
  const data = await openTable(files[0], { table: values.table === undefined ? undefined : String(values.table) })
  const title = basename(files[0])
  const folder = String(values.out ?? 'data-docs')
  const described = await profile(data)
  const result = await expected?.run(data, { format: 'summary' })
  const pages: Record<string, string> = { 'profile.html': profileHtml(described, { title }) }
  if (result) pages['expectations.html'] = suiteHtml(result)
  pages['index.html'] = index(title, described.table.rows, described.columns.length, result)
  await mkdir(folder, { recursive: true })
  for (const [name, page] of Object.entries(pages)) await writeAtomic(join(folder, name), page)
  const written = Object.keys(pages).map((name) => join(folder, name))
  if (terminal.json) terminal.stdout.write(`${JSON.stringify({ v: 1, pages: written, ok: result?.ok ?? null })}\n`)
  else if (!terminal.quiet) terminal.stdout.write(`  open  ${join(folder, 'index.html')}\n`)
  return result?.ok === false ? exitCode.no : exitCode.done
}

function index(
  title: string,
  rows: number,
  columns: number,
  result:
    | {
        readonly ok: boolean
        readonly suite: string
        readonly statistics: { readonly successful: number; readonly evaluated: number }
      }
    | undefined,
): string {
  const links = [
    `<a href="profile.html"><b>Profile</b><span>${rows.toLocaleString('en')} rows, ${columns} columns</span></a>`,
  ]
  if (result) {
    const { successful, evaluated } = result.statistics
    links.unshift(
      `<a href="expectations.html"><b>${escapeHtml(result.suite)}</b><span class="${result.ok ? 'pass' : 'fail'}">${successful} of ${evaluated} expectations hold</span></a>`,
    )
  }
  return htmlPage({
    title,
    style: STYLE,
    body: `<main>
<h1>${escapeHtml(title)}</h1>
${links.join('\n')}
</main>`,
  })
}

const STYLE = `
:root{color-scheme:light dark;--page:light-dark(#fff,#0d1117);--ink:light-dark(#1f2328,#e6edf3);--faint:light-dark(#57606a,#9198a1);--line:light-dark(#d0d7de,#30363d);--pass:light-dark(#1a7f37,#3fb950);--fail:light-dark(#cf222e,#f85149)}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:720px;margin:0 auto;padding:48px 20px}
h1{font-size:26px;line-height:1.25;margin:0 0 20px;overflow-wrap:anywhere}
a{display:flex;justify-content:space-between;flex-wrap:wrap;gap:4px 20px;padding:16px 18px;margin:0 0 12px;border:1px solid var(--line);border-radius:10px;color:inherit;text-decoration:none}
a:hover,a:focus-visible{border-color:var(--ink)}
span{color:var(--faint)}.pass{color:var(--pass)}.fail{color:var(--fail)}
`
