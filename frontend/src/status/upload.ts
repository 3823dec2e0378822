import { ApiError } from "../api/errors.ts";
import type { Hass } from "../home-assistant.ts";
import type { Localize } from "../localize.ts";

const TOO_LARGE = 413;

/** Hands a file to Home Assistant, which keeps it until the import asks for it; returns its id. Rejects with an ApiError. */
export async function upload(hass: Hass, file: File, t: Localize): Promise<string> {
  const body = new FormData();
  body.append("file", file);
  const response = await hass.fetchWithAuth("/api/file_upload", { method: "POST", body });
  if (response.status === TOO_LARGE) throw new ApiError("upload_too_large", t("status.upload_too_large"));
  if (!response.ok) throw new ApiError("upload_failed", t("status.upload_failed"));
  const { file_id: id } = (await response.json()) as { file_id: string };
  return id;
}
