/*
 * Stand-in for computenetwork.dll, the part that a shim reads with. mingw-w64 has no computenetwork.h, so nothing but the
 * documentation of HCN says that these prototypes are right: unlike the stand-in for HCS, a wrong one compiles.
 *
 * Strict about handles: one that is not open, or is of another kind, ends the process with 99. Test controls: StandInPut
 * (an object and its properties), StandInFail (the next call of a function), StandInDelay, StandInLive (open handles).
 */
#define COBJMACROS
#include <windows.h>
#include <objbase.h>
#include <stdio.h>

enum kind { NETWORK, ENDPOINT, NAMESPACE, KINDS };
#define MAGIC 0x48434e30u
#define MAX_OBJECTS 64

struct object { GUID id; WCHAR *properties; };
struct handle { DWORD magic; const struct object *object; };

static struct object objects[KINDS][MAX_OBJECTS];
static int counts[KINDS];
static LONG live;
static DWORD delay;
static char failing[64];
static HRESULT failure;
static WCHAR *failure_record;
static SRWLOCK lock = SRWLOCK_INIT;

static WCHAR *task_copy(const WCHAR *text) {
  SIZE_T size = (lstrlenW(text) + 1) * sizeof(WCHAR);
  WCHAR *copy = CoTaskMemAlloc(size);
  memcpy(copy, text, size);
  return copy;
}

static WCHAR *heap_copy(const WCHAR *text) {
  SIZE_T size = (lstrlenW(text) + 1) * sizeof(WCHAR);
  WCHAR *copy = HeapAlloc(GetProcessHeap(), 0, size);
  memcpy(copy, text, size);
  return copy;
}

static __attribute__((noreturn)) void broken(const char *what) {
  fprintf(stderr, "computenetwork stand-in: %s\n", what);
  fflush(stderr);
  TerminateProcess(GetCurrentProcess(), 99);
  for (;;) Sleep(INFINITE);
}

/* The planned failure of this call, once; its record goes to the caller. */
static HRESULT begin(const char *call, PWSTR *record) {
  HRESULT result = S_OK;
  if (delay > 0) Sleep(delay);
  if (record != NULL) *record = NULL;
  AcquireSRWLockExclusive(&lock);
  if (strcmp(failing, call) == 0) {
    failing[0] = 0;
    result = failure;
    if (record != NULL && failure_record != NULL) *record = task_copy(failure_record);
  }
  ReleaseSRWLockExclusive(&lock);
  return result;
}

static BOOL is_schema_2(PCWSTR query) { return query != NULL && wcsstr(query, L"\"Major\":2") != NULL; }

static HRESULT open_object(enum kind kind, REFGUID id, void **handle, PWSTR *record) {
  for (int i = 0; i < counts[kind]; i++) {
    if (!IsEqualGUID(id, &objects[kind][i].id)) continue;
    struct handle *opened = HeapAlloc(GetProcessHeap(), 0, sizeof *opened);
    opened->magic = MAGIC + kind;
    opened->object = &objects[kind][i];
    InterlockedIncrement(&live);
    *handle = opened;
    return S_OK;
  }
  *record = task_copy(L"{\"Success\":false,\"Error\":\"Element not found. \",\"ErrorCode\":2147943568}");
  return HRESULT_FROM_WIN32(ERROR_NOT_FOUND);
}

static struct handle *checked(enum kind kind, void *handle, const char *call) {
  struct handle *opened = handle;
  if (opened == NULL || opened->magic != MAGIC + kind) broken(call);
  return opened;
}

static HRESULT query_object(enum kind kind, void *handle, PCWSTR query, PWSTR *properties, PWSTR *record, const char *call) {
  struct handle *opened = checked(kind, handle, call);
  if (!is_schema_2(query)) {
    *record = task_copy(L"{\"Success\":false,\"Error\":\"Invalid JSON document string. \",\"ErrorCode\":2151350299}");
    return (HRESULT)0x803b001b;
  }
  *properties = task_copy(opened->object->properties);
  return S_OK;
}

static HRESULT close_object(enum kind kind, void *handle, const char *call) {
  struct handle *opened = checked(kind, handle, call);
  opened->magic = 0;
  HeapFree(GetProcessHeap(), 0, opened);
  InterlockedDecrement(&live);
  return S_OK;
}

static HRESULT enumerate(enum kind kind, PCWSTR query, PWSTR *ids, PWSTR *record) {
  static const WCHAR *digits = L"[";
  WCHAR list[MAX_OBJECTS * 48];
  if (!is_schema_2(query)) {
    *record = task_copy(L"{\"Success\":false,\"Error\":\"Invalid JSON document string. \"}");
    return (HRESULT)0x803b001b;
  }
  lstrcpyW(list, digits);
  for (int i = 0; i < counts[kind]; i++) {
    WCHAR guid[40];
    StringFromGUID2(&objects[kind][i].id, guid, 40);
    guid[37] = 0; /* without its braces */
    if (i > 0) lstrcatW(list, L",");
    lstrcatW(list, L"\"");
    lstrcatW(list, guid + 1);
    lstrcatW(list, L"\"");
  }
  lstrcatW(list, L"]");
  *ids = task_copy(list);
  return S_OK;
}

#define OBJECT(NAME, PLURAL, KIND)                                                                       \
  HRESULT WINAPI HcnEnumerate##PLURAL(PCWSTR query, PWSTR *ids, PWSTR *record) {                         \
    HRESULT planned = begin("HcnEnumerate" #PLURAL, record);                                             \
    *ids = NULL;                                                                                         \
    return planned != S_OK ? planned : enumerate(KIND, query, ids, record);                              \
  }                                                                                                      \
  HRESULT WINAPI HcnOpen##NAME(REFGUID id, void **handle, PWSTR *record) {                               \
    HRESULT planned = begin("HcnOpen" #NAME, record);                                                    \
    *handle = NULL;                                                                                      \
    return planned != S_OK ? planned : open_object(KIND, id, handle, record);                            \
  }                                                                                                      \
  HRESULT WINAPI HcnQuery##NAME##Properties(void *handle, PCWSTR query, PWSTR *out, PWSTR *record) {     \
    HRESULT planned = begin("HcnQuery" #NAME "Properties", record);                                      \
    *out = NULL;                                                                                         \
    if (planned != S_OK) return planned;                                                                 \
    return query_object(KIND, handle, query, out, record, "HcnQuery" #NAME "Properties of no handle");   \
  }                                                                                                      \
  HRESULT WINAPI HcnClose##NAME(void *handle) {                                                          \
    HRESULT planned = begin("HcnClose" #NAME, NULL);                                                     \
    HRESULT result = close_object(KIND, handle, "HcnClose" #NAME " of no handle");                       \
    return planned != S_OK ? planned : result;                                                           \
  }

OBJECT(Network, Networks, NETWORK)
OBJECT(Endpoint, Endpoints, ENDPOINT)
OBJECT(Namespace, Namespaces, NAMESPACE)

/* kind: 0 network, 1 endpoint, 2 namespace. id: "{...}". */
int WINAPI StandInPut(int kind, PCWSTR id, PCWSTR properties) {
  struct object *object = &objects[kind][counts[kind]];
  if (counts[kind] == MAX_OBJECTS || CLSIDFromString(id, &object->id) != S_OK) return 0;
  object->properties = heap_copy(properties);
  counts[kind]++;
  return 1;
}

void WINAPI StandInFail(PCWSTR call, int result, PCWSTR record) {
  AcquireSRWLockExclusive(&lock);
  snprintf(failing, sizeof failing, "%ls", call);
  failure = result;
  failure_record = record == NULL ? NULL : heap_copy(record);
  ReleaseSRWLockExclusive(&lock);
}

void WINAPI StandInDelay(int milliseconds) { delay = milliseconds; }

int WINAPI StandInLive(void) { return live; }
