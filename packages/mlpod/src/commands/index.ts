import type { Command, Option } from '../command.ts'

/** Options that choose nodes and parameters, shared by the commands that run or look at a pipeline. */
const choosing: Readonly<Record<string, Option>> = {
  node: { type: 'string', multiple: true, value: 'NAME', about: 'just this node and what it needs (may be repeated)' },
  from: { type: 'string', multiple: true, value: 'NAME', about: 'this node and all after it' },
  to: { type: 'string', multiple: true, value: 'NAME', about: 'this node and all before it' },
  tag: { type: 'string', multiple: true, value: 'TAG', about: 'nodes with this tag' },
  dataset: { type: 'string', multiple: true, value: 'NAME', about: 'what makes this dataset' },
  param: { type: 'string', short: 'p', multiple: true, value: 'NAME=VALUE', about: 'sets a parameter for this run' },
  env: { type: 'string', value: 'NAME', about: 'reads params.NAME.yml too' },
  pipeline: { type: 'string', value: 'NAME', about: 'another pipeline than the default one' },
}

/** Every command, in the order of help; what it does is loaded when it is asked for, so help and mistakes cost nothing. */
export const commands: readonly Command[] = [
  {
    name: 'run',
    about: 'run what has changed, restore the rest',
    positionals: '[NODE...]',
    options: {
      ...choosing,
      force: { type: 'boolean', about: 'run the chosen nodes even where their results are kept' },
      workers: { type: 'string', value: 'N', about: 'nodes at a time (default: the number of cores)' },
    },
    examples: ['mlpod run', 'mlpod run --to fit -p fit.epochs=50', 'mlpod run --from calibrate --force'],
    load: async () => (await import('./run.ts')).run,
  },
  {
    name: 'status',
    about: 'what is current, and what would run',
    positionals: '[NODE...]',
    options: choosing,
    examples: ['mlpod status', 'mlpod status --json'],
    load: async () => (await import('./status.ts')).status,
  },
  {
    name: 'why',
    about: 'why a node would run, or why not',
    positionals: '[NODE]',
    options: { param: choosing.param, env: choosing.env, pipeline: choosing.pipeline },
    examples: ['mlpod why', 'mlpod why fit', 'mlpod why -p fit.epochs=50'],
    load: async () => (await import('./why.ts')).why,
  },
  {
    name: 'verify',
    about: 'prove or refute every promise; fails when one is broken',
    options: {
      fresh: { type: 'boolean', about: 'measure again what speaks of this machine (latency)' },
      strict: { type: 'boolean', about: 'fail (code 3) when a promise is undecided' },
      param: {
        type: 'string',
        short: 'p',
        multiple: true,
        value: 'NAME=VALUE',
        about: 'sets a parameter for this run',
      },
      junit: { type: 'string', value: 'FILE', about: 'writes the verdicts as JUnit XML' },
      md: { type: 'string', value: 'FILE', about: 'writes the verdicts as a Markdown table' },
    },
    examples: ['mlpod verify', 'mlpod verify --strict --junit build/promises.xml'],
    load: async () => (await import('./verify.ts')).verify,
  },
  {
    name: 'runs',
    about: 'what was run, with parameters, metrics and promises',
    positionals: '[RUN]',
    options: {
      where: { type: 'string', value: 'FILTER', about: "for example: metrics.auc > 0.8 and params.fit.model = 'mlp'" },
      sort: {
        type: 'string',
        multiple: true,
        dashed: true,
        value: 'KEY',
        about: 'for example: -metrics.auc (newest first by default)',
      },
      limit: { type: 'string', value: 'N', about: 'how many (20 by default)' },
      after: { type: 'string', value: 'TOKEN', about: 'the next page' },
    },
    examples: [
      'mlpod runs',
      "mlpod runs --where 'metrics.test.auc > 0.8' --sort -metrics.test.auc --limit 3",
      'mlpod runs 8f3a',
    ],
    load: async () => (await import('./runs.ts')).runs,
  },
  {
    name: 'serve',
    about: 'answer over HTTP with the sealed model',
    options: {
      port: { type: 'string', value: 'N', about: 'default 8080; 0 takes a free one' },
      host: { type: 'string', value: 'ADDRESS', about: 'default 127.0.0.1; any other needs MLPOD_TOKEN' },
      model: { type: 'string', value: 'FILE', about: 'another model file than the pod names' },
    },
    examples: ['mlpod serve', 'mlpod serve --port 9000', 'MLPOD_TOKEN=... mlpod serve --host 0.0.0.0'],
    load: async () => (await import('./serve.ts')).serve,
  },
  {
    name: 'data profile',
    about: 'what a table holds: its columns, and what to look at',
    positionals: 'FILE',
    options: {
      column: {
        type: 'string',
        short: 'c',
        multiple: true,
        value: 'NAME',
        about: 'just this column (may be repeated)',
      },
      html: { type: 'string', value: 'OUT', about: 'writes a page that needs nothing else' },
      minimal: { type: 'boolean', about: 'no associations, duplicates or words: for large tables' },
      sensitive: { type: 'boolean', about: 'no value of a cell is shown or written' },
      table: { type: 'string', value: 'NAME', about: 'the table of a file that holds several' },
      sample: { type: 'string', value: 'N', about: 'just the first N rows' },
    },
    examples: ['mlpod data profile sales.parquet', 'mlpod data profile sales.csv --html sales.html'],
    load: async () => (await import('./dataProfile.ts')).dataProfile,
  },
  {
    name: 'data drift',
    about: 'how a table differs from another; fails when it has drifted',
    positionals: 'REFERENCE CURRENT',
    options: {
      column: {
        type: 'string',
        short: 'c',
        multiple: true,
        value: 'NAME',
        about: 'just this column (may be repeated)',
      },
      method: {
        type: 'string',
        short: 'm',
        multiple: true,
        value: '[NAME=]METHOD',
        about: 'for all columns, for number= or category=, or for one; by default chosen',
      },
      threshold: {
        type: 'string',
        multiple: true,
        value: '[NAME=]X',
        about: 'in the same way; by default of the method',
      },
      share: { type: 'string', value: 'X', about: 'share of drifted columns from which the table has drifted (0.5)' },
      correct: { type: 'string', value: 'HOW', about: 'bh, holm or bonferroni: p-values for the number of columns' },
      drop: { type: 'boolean', about: 'a change of missing values is told, but no drift' },
    },
    examples: [
      'mlpod data drift last-week.parquet today.parquet',
      'mlpod data drift train.csv new.csv -m number=psi -m country=chisquare --threshold country=0.01',
    ],
    load: async () => (await import('./dataDrift.ts')).dataDrift,
  },
  {
    name: 'data check',
    about: 'whether a table is as a suite expects; fails when it is not',
    positionals: 'FILE',
    options: {
      suite: {
        type: 'string',
        short: 's',
        value: 'SUITE',
        about: 'a suite of Great Expectations (.json), or a module that exports one',
      },
      table: { type: 'string', value: 'NAME', about: 'the table of a database, or the sheet of a workbook' },
      key: { type: 'string', multiple: true, value: 'COLUMN', about: 'names unexpected rows by this column' },
      param: { type: 'string', short: 'p', multiple: true, value: 'NAME=VALUE', about: 'a parameter of the suite' },
      junit: { type: 'string', value: 'FILE', about: 'writes the results as JUnit XML' },
      html: { type: 'string', value: 'FILE', about: 'writes them as a page' },
      markdown: { type: 'string', value: 'FILE', about: 'writes them as Markdown' },
      sarif: { type: 'string', value: 'FILE', about: 'writes them as SARIF' },
    },
    examples: [
      'mlpod data check orders.parquet --suite orders.json',
      'mlpod data check orders.csv --suite suite.ts --junit build/orders.xml --html build/orders.html',
    ],
    load: async () => (await import('./dataCheck.ts')).dataCheck,
  },
  {
    name: 'data suggest',
    about: 'a suite that past tables lead one to expect, with its rate of false alarms',
    positionals: 'FILE...',
    options: {
      by: { type: 'string', value: 'COLUMN', about: 'cuts one table into parts by this column' },
      alarms: { type: 'string', value: 'X', about: 'how often an expectation may be wrong about a good table' },
      out: { type: 'string', short: 'o', value: 'FILE', about: 'writes the suite, in the words of Great Expectations' },
    },
    examples: [
      'mlpod data suggest monday.csv tuesday.csv wednesday.csv --out suite.json',
      'mlpod data suggest orders.parquet --by day --out suite.json',
    ],
    load: async () => (await import('./dataSuggest.ts')).dataSuggest,
  },
]
