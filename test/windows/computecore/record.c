/* The record of what was called, the strings given out and the answers asked for (stand-in.h). */
#include "stand-in.h"

typedef struct { PWSTR text; UINT64 *end, mark; } DOCUMENT;

CRITICAL_SECTION lock;
int live_systems, live_operations;
static HANDLE log_file = INVALID_HANDLE_VALUE;
static UINT64 next_mark = 0x5354414e44494e00;
static DOCUMENT documents[65536];
static int document_count;
static ORDER orders[64];

PWSTR copy(PCWSTR text) { return text == NULL ? NULL : _wcsdup(text); }

static int put_text(char *to, PCWSTR text) {
  int bytes = WideCharToMultiByte(CP_UTF8, 0, text, -1, NULL, 0, NULL, NULL), used = 0;
  char *utf8 = malloc(bytes);
  WideCharToMultiByte(CP_UTF8, 0, text, -1, utf8, bytes, NULL, NULL);
  for (char *c = utf8; *c != 0; c++) {
    if (*c == '"' || *c == '\\') to[used++] = '\\', to[used++] = *c;
    else if ((unsigned char)*c < 32) used += sprintf(to + used, "\\u%04x", *c);
    else to[used++] = *c;
  }
  free(utf8);
  return used;
}

void note(const char *kind, const char *name, PCWSTR id, PCWSTR document, HRESULT result, DWORD ms) {
  if (log_file == INVALID_HANDLE_VALUE) return;
  char *line = malloc(512 + 6 * 3 * ((id ? wcslen(id) : 0) + (document ? wcslen(document) : 0)));
  int used = sprintf(line, "{\"%s\":\"%s\",\"thread\":%lu,\"result\":%lu,\"ms\":%lu", kind, name, GetCurrentThreadId(), (DWORD)result, ms);
  if (id != NULL) { used += sprintf(line + used, ",\"id\":\""); used += put_text(line + used, id); line[used++] = '"'; }
  if (document != NULL) { used += sprintf(line + used, ",\"document\":\""); used += put_text(line + used, document); line[used++] = '"'; }
  used += sprintf(line + used, "}\n");
  DWORD written;
  WriteFile(log_file, line, used, &written, NULL);
  free(line);
}

void bug(const char *call, const char *what) {
  char text[200];
  snprintf(text, sizeof text, "%s: %s", call, what);
  note("bug", text, NULL, NULL, 0, 0);
  fprintf(stderr, "stand-in computecore.dll: %s\n", text);
  fflush(stderr);
  TerminateProcess(GetCurrentProcess(), 99);
}

/*
 * So big that the heap maps it by itself and LocalFree unmaps it at once: one that was never freed still has its mark. (Asking
 * Wine's heap whether a small block is still valid may crash.)
 */
HRESULT give(PCWSTR text, PWSTR *to) {
  if (to == NULL) return S_OK;
  *to = NULL;
  if (text == NULL) return S_OK;
  SIZE_T length = (wcslen(text) + 1) * sizeof(WCHAR), end = (length + (1 << 20)) & ~(SIZE_T)7;
  DOCUMENT *document = &documents[document_count++ % 65536];
  *document = (DOCUMENT){LocalAlloc(LMEM_FIXED, end + 8), NULL, next_mark++};
  memcpy(document->text, text, length);
  *(document->end = (UINT64 *)((char *)document->text + end)) = document->mark;
  *to = document->text;
  return S_OK;
}

int live_documents(void) {
  int live = 0;
  for (int i = 0; i < document_count && i < 65536; i++) {
    UINT64 found = 0;
    /* Others may map and unmap that place meanwhile. */
    if (ReadProcessMemory(GetCurrentProcess(), documents[i].end, &found, sizeof found, NULL) && found == documents[i].mark) live++;
  }
  return live;
}

/* An object or a list whose brackets and strings close: no more, but a narrow string is none. */
BOOL is_json(PCWSTR text) {
  int depth = 0;
  if (text == NULL || IsBadStringPtrW(text, 1 << 24) || (*text != L'{' && *text != L'[')) return FALSE;
  for (BOOL quoted = FALSE; *text != 0; text++) {
    if (*text == L'\\' && quoted && text[1] != 0) text++;
    else if (*text == L'"') quoted = !quoted;
    else if (!quoted && (*text == L'{' || *text == L'[')) depth++;
    else if (!quoted && (*text == L'}' || *text == L']') && --depth == 0 && text[1] != 0) return FALSE;
  }
  return depth == 0;
}

BOOL take_order(const char *call, BOOL at_once, ORDER *order) {
  for (int i = 0; i < 64; i++) {
    if (strcmp(orders[i].call, call) != 0 || orders[i].at_once != at_once) continue;
    *order = orders[i];
    orders[i].call[0] = 0;
    return TRUE;
  }
  return FALSE;
}

/* The next call of that name: answered so much later (ms), by that HRESULT or (0) as ever, with that document. At once: by the call itself. */
__declspec(dllexport) void WINAPI StubFailNext(PCWSTR call, DWORD delay, HRESULT result, PCWSTR document, BOOL at_once_) {
  EnterCriticalSection(&lock);
  for (int i = 0; i < 64; i++) {
    if (orders[i].call[0] != 0) continue;
    orders[i] = (ORDER){.delay = delay, .result = result, .document = copy(document), .at_once = at_once_};
    WideCharToMultiByte(CP_UTF8, 0, call, -1, orders[i].call, 64, NULL, NULL);
    break;
  }
  LeaveCriticalSection(&lock);
}

/* Sizes and offsets as the header has them. */
__declspec(dllexport) DWORD WINAPI StubLayout(DWORD what) {
  const DWORD layout[] = {sizeof(HCS_EVENT), offsetof(HCS_EVENT, Type), offsetof(HCS_EVENT, EventData), offsetof(HCS_EVENT, Operation),
    sizeof(HRESULT), sizeof(DWORD), sizeof(HCS_EVENT_OPTIONS), sizeof(HCS_OPERATION), sizeof(UINT64)};
  return what < sizeof layout / sizeof *layout ? layout[what] : 0;
}

BOOL WINAPI DllMain(HINSTANCE dll, DWORD reason, void *reserved) {
  (void)reserved;
  WCHAR path[MAX_PATH];
  if (reason == DLL_PROCESS_ATTACH) {
    DisableThreadLibraryCalls(dll);
    InitializeCriticalSection(&lock);
    if (GetEnvironmentVariableW(L"UVM_STAND_IN_LOG", path, MAX_PATH) > 0)
      log_file = CreateFileW(path, FILE_APPEND_DATA, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_ALWAYS, 0, NULL);
  } else if (reason == DLL_PROCESS_DETACH) {
    char left[100];
    sprintf(left, "%d systems, %d operations, %d documents", live_systems, live_operations, live_documents());
    note("detach", left, NULL, NULL, live_systems + live_operations + live_documents() > 0 ? S_FALSE : S_OK, 0);
  }
  return TRUE;
}
