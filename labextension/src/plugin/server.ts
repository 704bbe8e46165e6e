// The server extension's addresses, asked with the page's own credentials.
import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection, type ServerSettings } from '@jupyterlab/services';
import { FORBIDDEN, INSTALL, type Listing, Missing, type Source } from './runtimes.ts';

export function sourceOf(settings: ServerSettings): Source {
  const ask = async (method: string, ...path: string[]): Promise<Response> => {
    const url = URLExt.join(settings.baseUrl, 'treadle', 'api', 'runtimes', ...path);
    const response = await ServerConnection.makeRequest(url, { method }, settings);
    if (response.status === 404 && !path.length) throw new Missing(INSTALL);
    if (response.status === 403) throw new Missing(FORBIDDEN);
    if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
    return response;
  };
  return {
    list: async () => {
      const listing = (await (await ask('GET')).json()) as Partial<Listing> | null;
      if (!Array.isArray(listing?.runtimes)) throw new Error('its answer is no list of runtimes');
      return listing as Listing;
    },
    stop: async (name) => void (await ask('DELETE', encodeURIComponent(name))),
  };
}
