import { type Command, commonOptions, type Option } from './command.ts'
import type { Style } from './terminal/style.ts'

function optionLines(options: Readonly<Record<string, Option>>): string[] {
  const flags = Object.entries(options).map(
    ([name, { short, value }]) => `${short ? `-${short}, ` : '    '}--${name}${value ? ` ${value}` : ''}`,
  )
  const width = Math.max(24, ...flags.map((flag) => flag.length)) + 2
  return Object.values(options).map(({ about }, i) => `  ${flags[i].padEnd(width)}${about}`)
}

/** Returns the help of one command, made from its entry in the table. */
export function commandHelp({ name, about, positionals, options, examples }: Command, style: Style): string {
  return [
    `${style.bold(`mlpod ${name}`)}  ${about}`,
    '',
    `usage: mlpod ${name}${positionals ? ` ${positionals}` : ''} [options]`,
    '',
    ...optionLines({ ...options, ...commonOptions }),
    '',
    'examples:',
    ...examples.map((example) => `  ${example}`),
  ].join('\n')
}

/** Returns the help of the whole program. */
export function generalHelp(commands: readonly Command[], style: Style): string {
  return [
    `${style.bold('mlpod')}  one repository, two graphs, and the promises made about them`,
    '',
    'usage: mlpod COMMAND [options]      (in a pod: a folder with mlpod.config.ts, or below it)',
    '',
    ...commands.map(({ name, about }) => `  ${name.padEnd(14)}${about}`),
    '',
    '  mlpod COMMAND --help  tells more; mlpod --version prints the version',
  ].join('\n')
}
