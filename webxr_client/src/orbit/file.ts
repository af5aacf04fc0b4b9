/** A file of a package, fetched with its bytes counted. */
import { readBytes, watchSilence } from '../download'

/** Why a model could not be had; broken: it came whole and could not be read. */
export class ModelUnavailable extends Error {
  constructor(readonly problem: 'load_failed' | 'broken' | 'withdrawn' | 'aborted') {
    super(problem)
  }
}

/** A file that is here already. */
export interface Fetched {
  url: string
  data: ArrayBuffer
}

/** The bytes at an address; `onBytes` hears of every part that has come. Throws ModelUnavailable. */
export async function fetchBytes(
  url: string,
  signal: AbortSignal,
  onBytes: (bytes: number) => void
): Promise<ArrayBuffer> {
  const watch = watchSilence(signal)
  try {
    const answer = await fetch(url, { signal: watch.signal })
    if (answer.status === 410) throw new ModelUnavailable('withdrawn')
    if (!answer.ok) throw new ModelUnavailable('load_failed')
    return await readBytes(answer, (bytes) => {
      watch.hear()
      onBytes(bytes)
    })
  } catch (error) {
    if (error instanceof ModelUnavailable) throw error
    throw new ModelUnavailable(signal.aborted ? 'aborted' : 'load_failed')
  } finally {
    watch.end()
  }
}
