/** Bytes as they come, from a connection that may fall silent. */

/** No signal is so weak that nothing at all comes for so long: such a connection never speaks again. */
export const SILENCE_MS = 20_000

/** Watches over one request. */
export interface Watch {
  /** For the request: aborted from outside, or by silence. */
  signal: AbortSignal
  /** Something has come. */
  hear: () => void
  end: () => void
}

/** End a request once nothing has come for SILENCE_MS: one whose connection died unnoticed would be waited for for ever. */
export function watchSilence(outer: AbortSignal): Watch {
  const given = new AbortController()
  const stop = (): void => given.abort()
  let timer = setTimeout(stop, SILENCE_MS)
  outer.addEventListener('abort', stop)
  if (outer.aborted) stop()
  return {
    signal: given.signal,
    hear: () => {
      clearTimeout(timer)
      timer = setTimeout(stop, SILENCE_MS)
    },
    end: () => {
      clearTimeout(timer)
      outer.removeEventListener('abort', stop)
    }
  }
}

/** All bytes of an answer; `onBytes` hears the length of every part that has come. Throws what the connection throws. */
export async function readBytes(answer: Response, onBytes: (bytes: number) => void): Promise<ArrayBuffer> {
  if (answer.body === null) return answer.arrayBuffer()
  const parts: Uint8Array<ArrayBuffer>[] = []
  const reader = answer.body.getReader()
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    parts.push(part.value)
    onBytes(part.value.byteLength)
  }
  return new Blob(parts).arrayBuffer()
}
