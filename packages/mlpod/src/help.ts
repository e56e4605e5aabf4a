import { type Command, commonOptions, type Option } from './command.ts'
import type { Style } from './terminal/style.ts'

const optionLines = (options: Readonly<Record<string, Option>>): string[] =>
  Object.entries(options).map(([name, { short, value, about }]) => {
    const flag = `${short ? `-${short}, ` : '    '}--${name}${value ? ` ${value}` : ''}`
    return `  ${flag.padEnd(26)}${about}`
  })

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
    ...commands.map(({ name, about }) => `  ${name.padEnd(10)}${about}`),
    '',
    '  mlpod COMMAND --help  tells more; mlpod --version prints the version',
  ].join('\n')
}
