/** What the bundler's graph tells about a module. */
interface Graph {
  getModuleInfo(id: string): { importedIds: readonly string[]; importers: readonly string[] } | null
}

const PAGES = ['src/main.ts', 'src/immersive.ts']
const STAGE = 'src/orbit/stage.ts'
const SCANNING = 'src/ui/scanning.ts' // its few parts that the page of a scene has already would be a file of their own
const LOOK = 'src/orbit/look.ts' // what is drawn before three is there must not lie with it
const THREE = /node_modules[\\/]three[\\/](?!src[\\/])/ // its single sources are those that no first frame needs

/**
 * The file a module goes into, null where the bundler may decide. On a phone each file costs a round trip once six are
 * asked for: what the pages of visitors share is one file, and what the stage shares with AR and its like lies with
 * three. That is one too: AR needs other parts of it than the orbit view, but two files pack worse than one.
 */
export function nameChunk(here: string): (id: string, graph: Graph) => string | null {
  return (id, graph) => {
    if (id.endsWith('.css')) return null
    const [main, immersive] = PAGES.map((page) => reach(here + page, graph)) as [Set<string>, Set<string>]
    if (!main.has(id) && reach(here + LOOK, graph).has(id)) return 'look'
    if (THREE.test(id)) return 'three'
    const stage = reach(here + STAGE, graph)
    const importers = graph.getModuleInfo(id)?.importers ?? []
    const usedBeyond = (ids: Set<string>): boolean => ids.has(id) && importers.some((importer) => !ids.has(importer))
    const others = [stage, reach(here + SCANNING, graph)]
    const sharedByScene = immersive.has(id) && others.some((other) => other.has(id))
    if ((main.has(id) && immersive.has(id)) || usedBeyond(main) || sharedByScene) return 'visit'
    return usedBeyond(stage) ? 'three' : null
  }
}

/** A module and everything it imports at once. */
function reach(id: string, graph: Graph, seen = new Set<string>()): Set<string> {
  if (seen.has(id)) return seen
  seen.add(id)
  for (const next of graph.getModuleInfo(id)?.importedIds ?? []) reach(next, graph, seen)
  return seen
}
