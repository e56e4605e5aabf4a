const ADJECTIVES =
  'able brave calm clever eager fair fine firm fleet glad keen kind loud lucky merry mild neat noble plain proud quick quiet rare sharp sleek smart sound swift wise witty'.split(
    ' ',
  )
const NOUNS =
  'ant asp auk bear bee boar carp colt crab crane crow deer dove duck eel elk finch fish fox frog gnat goat gull hare hawk ibis kite lark lynx mole moth mule newt orca owl perch quail ram rook seal shad shrew skink slug snail snipe sole squid stag stork swan toad trout vole wasp wren'.split(
    ' ',
  )

/** Returns the name that an id stands for, `adjective-noun-number`: the same id, the same name. */
export function runName(id: string): string {
  const number = Number.parseInt(id.slice(0, 12), 16)
  const [adjective, rest] = [number % ADJECTIVES.length, Math.floor(number / ADJECTIVES.length)]
  const [noun, left] = [rest % NOUNS.length, Math.floor(rest / NOUNS.length)]
  return `${ADJECTIVES[adjective]}-${NOUNS[noun]}-${left % 1000}`
}
