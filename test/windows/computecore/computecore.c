/*
 * A stand-in for computecore.dll: its calls, handles, operations and events as the tests need them, without any VM.
 * Compiled against mingw-w64's computecore.h, so a wrong signature does not compile. What a caller may not do (use what was
 * closed, close what is in use, wait for itself) ends the process with 99 and a line {"bug":...} in the log.
 */
#include "stand-in.h"

enum { OPERATION = 0x4f504552, SYSTEM = 0x53595354, CLOSED = 0x44454144 };
enum { DEFAULT_MS = 5 };

typedef enum { CREATED, RUNNING, PAUSED, STOPPED } STATE;
static const WCHAR *const state_names[] = {L"Created", L"Running", L"Paused", L"Stopped"};

typedef struct VM { struct VM *next; PWSTR id, configuration; STATE state; int handles; } VM;
/* One HCS_SYSTEM. Memory of handles is never reused: their last word tells what became of them. */
typedef struct SYS { DWORD magic; VM *vm; HCS_EVENT_CALLBACK callback; void *context; struct EVENT *events; int pending; struct SYS *next; } SYS;
typedef struct OP {
  DWORD magic; int waiting; enum { IDLE, PENDING, DONE } progress; HCS_OPERATION_TYPE type;
  HANDLE done; SYS *system; PWSTR document; HRESULT result;
  /* What it does when it completes. */
  const char *call; DWORD delay; PWSTR answer;
} OP;
typedef struct EVENT { DWORD type; PWSTR data; struct EVENT *then; } EVENT;

/* Long: who waits for a callback has to wait for the callback's thread, too, which a busy machine may not run for seconds. */
static DWORD deadlock_ms = 60000;
static VM *vms;
static SYS *systems;

static void *check(const char *call, void *handle, DWORD magic) {
  const char *kind = magic == OPERATION ? "HCS_OPERATION" : "HCS_SYSTEM";
  char text[100];
  DWORD found = handle == NULL || IsBadReadPtr(handle, sizeof(OP)) ? 0 : *(DWORD *)handle;
  if (found == magic) return handle;
  snprintf(text, sizeof text, found == CLOSED ? "a closed handle in place of an %s" : found == OPERATION || found == SYSTEM
    ? "the other kind of handle in place of an %s" : "no handle in place of an %s", kind);
  bug(call, text);
  return NULL;
}

/* ---- threads that Node does not know ---- */

typedef struct JOB { void (*run)(void *); void *argument; struct JOB *next; } JOB;
static JOB *jobs, **last_job = &jobs;
static CONDITION_VARIABLE job_there;
static int idle;

/* They stay, as a thread pool's do: one that ended just when the process does could take it down (Wine 8). */
static DWORD WINAPI work(void *unused) {
  (void)unused;
  EnterCriticalSection(&lock);
  for (;;) {
    while (jobs == NULL) SleepConditionVariableCS(&job_there, &lock, INFINITE);
    JOB *job = jobs;
    if ((jobs = job->next) == NULL) last_job = &jobs;
    idle--;
    LeaveCriticalSection(&lock);
    job->run(job->argument);
    free(job);
    EnterCriticalSection(&lock);
    idle++;
  }
  return 0;
}

/* With the lock held. Each job has a thread of its own while it runs. */
static void in_thread(void (*run)(void *), void *argument) {
  JOB *job = malloc(sizeof(JOB));
  int waiting = 0;
  *job = (JOB){run, argument, NULL};
  *last_job = job, last_job = &job->next;
  for (JOB *each = jobs; each != NULL; each = each->next) waiting++;
  if (waiting > idle) idle++, CloseHandle(CreateThread(NULL, 0, work, NULL, 0, NULL));
  WakeConditionVariable(&job_there);
}

/* ---- events ---- */

/* On a thread that Node does not know, one after the other; an event's memory is gone once the callback has returned. */
static void deliver(void *argument) {
  SYS *system = argument;
  EnterCriticalSection(&lock);
  for (EVENT *event = system->events; event != NULL; event = system->events) {
    SIZE_T bytes = event->data == NULL ? 0 : (wcslen(event->data) + 1) * sizeof(WCHAR);
    char *page = VirtualAlloc(NULL, sizeof(HCS_EVENT) + bytes, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE), type[16];
    *(HCS_EVENT *)page = (HCS_EVENT){event->type, bytes == 0 ? NULL : (PCWSTR)(page + sizeof(HCS_EVENT)), NULL};
    if (bytes > 0) memcpy(page + sizeof(HCS_EVENT), event->data, bytes);
    HCS_EVENT_CALLBACK callback = system->callback;
    void *context = system->context;
    DWORD began = GetTickCount();
    LeaveCriticalSection(&lock);
    if (callback != NULL) callback((HCS_EVENT *)page, context);
    VirtualFree(page, 0, MEM_DECOMMIT);
    EnterCriticalSection(&lock);
    sprintf(type, "0x%lx", event->type);
    note("event", type, system->vm->id, event->data, callback == NULL ? S_FALSE : S_OK, GetTickCount() - began);
    system->events = event->then;
    free(event);
  }
  LeaveCriticalSection(&lock);
}

/* To every handle of the VM; `types` ends with 0. With the lock held. */
static void fire(VM *vm, const DWORD *types, const PCWSTR *data) {
  for (SYS *system = systems; system != NULL; system = system->next) {
    if (system->magic != SYSTEM || system->vm != vm) continue;
    EVENT **last = &system->events;
    BOOL delivering = *last != NULL;
    while (*last != NULL) last = &(*last)->then;
    for (int i = 0; types[i] != 0; i++, last = &(*last)->then) {
      *last = calloc(1, sizeof(EVENT));
      **last = (EVENT){types[i], copy(data[i]), NULL};
    }
    if (!delivering) in_thread(deliver, system);
  }
}

static void stop(VM *vm, PCWSTR exit) {
  vm->state = STOPPED;
  fire(vm, (DWORD[]){HcsEventSystemExited, 0}, (PCWSTR[]){exit});
}

/* ---- operations ---- */

static PWSTR find_text(PCWSTR document, PCWSTR key, PWSTR to, int room) {
  PCWSTR at = wcsstr(document, key);
  if (at == NULL || (at = wcschr(at + wcslen(key), L'"')) == NULL) return NULL;
  for (at++; *at != 0 && *at != L'"' && room > 1; room--) {
    if (*at == L'\\') at++;
    *to++ = *at++;
  }
  *to = 0;
  return to;
}

static HRESULT write_file(PCWSTR path) {
  HANDLE file = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
  if (file == INVALID_HANDLE_VALUE) return HRESULT_FROM_WIN32(GetLastError());
  DWORD written;
  WriteFile(file, "stand-in", 8, &written, NULL);
  CloseHandle(file);
  return S_OK;
}

/* What the call does to its VM. With the lock held. */
static HRESULT perform(OP *op, PWSTR reply) {
  VM *vm = op->system == NULL ? NULL : op->system->vm;
  WCHAR path[MAX_PATH];
  STATE was = vm == NULL ? CREATED : vm->state;
  if (vm != NULL && was == STOPPED && op->type != HcsOperationTypeGetProperties) return SYSTEM_ALREADY_STOPPED;
  switch (op->type) {
  case HcsOperationTypeStart:
    return was == CREATED ? vm->state = RUNNING, S_OK : INVALID_STATE;
  case HcsOperationTypePause:
    return was == RUNNING ? vm->state = PAUSED, S_OK : INVALID_STATE;
  case HcsOperationTypeResume:
    return was == PAUSED ? vm->state = RUNNING, S_OK : INVALID_STATE;
  case HcsOperationTypeSave:
    if (was != PAUSED) return INVALID_STATE;
    return find_text(op->document, L"\"SaveStateFilePath\"", path, MAX_PATH) == NULL ? E_INVALIDARG : write_file(path);
  case HcsOperationTypeShutdown:
    return was == RUNNING ? stop(vm, L"{\"Status\":0,\"ExitType\":\"GracefulExit\"}"), S_OK : INVALID_STATE;
  case HcsOperationTypeTerminate:
    return stop(vm, L"{\"Status\":0,\"ExitType\":\"ForcedExit\"}"), S_OK;
  case HcsOperationTypeCrash:
    if (was != RUNNING) return INVALID_STATE;
    vm->state = STOPPED;
    fire(vm, (DWORD[]){HcsEventSystemCrashInitiated, HcsEventSystemCrashReport, HcsEventSystemExited, 0},
         (PCWSTR[]){L"{}", L"{\"CrashLog\":\"NMI\"}", L"{\"Status\":-1070137082,\"ExitType\":\"UnexpectedExit\"}"});
    return S_OK;
  case HcsOperationTypeGetProperties:
    swprintf(reply, 600, L"{\"Id\":\"%ls\",\"SystemType\":\"VirtualMachine\",\"State\":\"%ls\",\"RuntimeId\":\"c0ffee00-0000-4000-8000-%012x\"}",
      vm->id, state_names[was], (unsigned)wcslen(vm->id));
    if (op->document != NULL && wcsstr(op->document, L"\"Statistics\"") != NULL)
      wcscpy(reply + wcslen(reply) - 1, L",\"Statistics\":{\"Processor\":{\"TotalRuntime100ns\":12345}},"
        L"\"Memory\":{\"VirtualMachineMemory\":{\"AssignedMemory\":262144}}}");
    return S_OK;
  case HcsOperationTypeEnumerate:
    wcscpy(reply, L"[");
    for (VM *each = vms; each != NULL; each = each->next)
      swprintf(reply + wcslen(reply), 200, L"%ls{\"Id\":\"%ls\",\"State\":\"%ls\"}", each == vms ? L"" : L",", each->id, state_names[each->state]);
    wcscat(reply, L"]");
    return S_OK;
  default:
    return S_OK;
  }
}

static void complete(void *argument) {
  OP *op = argument;
  ORDER order = {0};
  WCHAR *reply = calloc(16384, sizeof(WCHAR));
  Sleep(op->delay);
  EnterCriticalSection(&lock);
  BOOL ordered = take_order(op->call, FALSE, &order);
  if (ordered && order.delay > 0) {
    LeaveCriticalSection(&lock);
    Sleep(order.delay);
    EnterCriticalSection(&lock);
  }
  op->result = ordered && FAILED(order.result) ? order.result : perform(op, reply);
  op->answer = ordered && order.document != NULL ? order.document : *reply == 0 ? NULL : copy(reply);
  op->progress = DONE;
  if (op->system != NULL) op->system->pending--;
  note("done", op->call, op->system == NULL ? NULL : op->system->vm->id, op->answer, op->result, 0);
  free(reply);
  SetEvent(op->done);
  LeaveCriticalSection(&lock);
}

/* Begins an operation. `may_be_null`: the document may be; `must_be_null`: it has to be. */
static HRESULT begin(const char *call, HCS_OPERATION_TYPE type, SYS *system, HCS_OPERATION handle, PCWSTR document, BOOL may_be_null, BOOL must_be_null) {
  OP *op = check(call, handle, OPERATION);
  ORDER order = {0};
  HRESULT result = S_OK;
  EnterCriticalSection(&lock);
  if (op->progress != IDLE) result = OPERATION_ALREADY_STARTED;
  else if (document != NULL && must_be_null) result = E_INVALIDARG;
  else if (document == NULL ? !may_be_null : !is_json(document)) result = INVALID_JSON;
  else if (take_order(call, TRUE, &order)) result = order.result;
  note("call", call, system == NULL ? NULL : system->vm->id, result == INVALID_JSON ? NULL : document, result, 0);
  if (result == S_OK) {
    op->progress = PENDING, op->type = type, op->system = system, op->call = call, op->delay = DEFAULT_MS;
    op->document = copy(document);
    if (system != NULL) system->pending++;
    in_thread(complete, op);
  }
  LeaveCriticalSection(&lock);
  return result;
}

HCS_OPERATION WINAPI HcsCreateOperation(const void *context, HCS_OPERATION_COMPLETION callback) {
  OP *op = calloc(1, sizeof(OP));
  (void)context;
  if (callback != NULL) bug("HcsCreateOperation", "the product waits, it takes no callbacks of operations");
  EnterCriticalSection(&lock);
  *op = (OP){.magic = OPERATION, .type = HcsOperationTypeNone, .done = CreateEventW(NULL, TRUE, FALSE, NULL)};
  live_operations++;
  LeaveCriticalSection(&lock);
  return (HCS_OPERATION)op;
}

void WINAPI HcsCloseOperation(HCS_OPERATION handle) {
  OP *op = check("HcsCloseOperation", handle, OPERATION);
  EnterCriticalSection(&lock);
  if (op->progress == PENDING) bug("HcsCloseOperation", "the operation is pending");
  if (op->waiting > 0) bug("HcsCloseOperation", "the operation is waited for");
  op->magic = CLOSED;
  live_operations--;
  LeaveCriticalSection(&lock);
}

HRESULT WINAPI HcsWaitForOperationResult(HCS_OPERATION handle, DWORD timeout, PWSTR *document) {
  OP *op = check("HcsWaitForOperationResult", handle, OPERATION);
  if (document != NULL) *document = NULL;
  if (op->progress == IDLE) return OPERATION_NOT_STARTED;
  InterlockedIncrement((LONG *)&op->waiting);
  DWORD waited = WaitForSingleObject(op->done, timeout);
  EnterCriticalSection(&lock);
  op->waiting--;
  HRESULT result = waited == WAIT_TIMEOUT ? timeout == 0 ? OPERATION_PENDING : OPERATION_TIMEOUT : op->result;
  if (waited != WAIT_TIMEOUT) give(op->answer, document);
  LeaveCriticalSection(&lock);
  return result;
}

HRESULT WINAPI HcsGetOperationResult(HCS_OPERATION op, PWSTR *document) { return HcsWaitForOperationResult(op, 0, document); }

/* ---- systems ---- */

/* With the lock held. */
static HCS_SYSTEM new_handle(VM *vm) {
  SYS *system = calloc(1, sizeof(SYS) + sizeof(OP));
  *system = (SYS){.magic = SYSTEM, .vm = vm, .next = systems};
  systems = system;
  vm->handles++, live_systems++;
  return (HCS_SYSTEM)system;
}

static VM *find_vm(PCWSTR id) {
  VM *vm = vms;
  while (vm != NULL && wcscmp(vm->id, id) != 0) vm = vm->next;
  return vm;
}

HRESULT WINAPI HcsCreateComputeSystem(PCWSTR id, PCWSTR configuration, HCS_OPERATION operation, const SECURITY_DESCRIPTOR *security, HCS_SYSTEM *system) {
  EnterCriticalSection(&lock);
  HRESULT result = S_OK;
  VM *vm = NULL;
  *system = NULL;
  if (security != NULL) result = E_INVALIDARG;
  else if (!is_json(configuration)) result = INVALID_JSON;
  else if (find_vm(id) != NULL) result = SYSTEM_ALREADY_EXISTS;
  if (result == S_OK) {
    vm = calloc(1, sizeof(VM));
    *vm = (VM){.next = vms, .id = copy(id), .configuration = copy(configuration)};
    vms = vm;
    *system = new_handle(vm);
    result = begin("HcsCreateComputeSystem", HcsOperationTypeCreate, (SYS *)*system, operation, configuration, FALSE, FALSE);
    if (result != S_OK) vm->state = STOPPED, HcsCloseComputeSystem(*system), *system = NULL;
  } else {
    note("call", "HcsCreateComputeSystem", id, result == INVALID_JSON ? NULL : configuration, result, 0);
  }
  LeaveCriticalSection(&lock);
  return result;
}

HRESULT WINAPI HcsOpenComputeSystem(PCWSTR id, DWORD access, HCS_SYSTEM *system) {
  EnterCriticalSection(&lock);
  VM *vm = find_vm(id);
  HRESULT result = access != GENERIC_ALL ? E_INVALIDARG : vm == NULL ? SYSTEM_NOT_FOUND : S_OK;
  *system = result == S_OK ? new_handle(vm) : NULL;
  note("call", "HcsOpenComputeSystem", id, NULL, result, 0);
  LeaveCriticalSection(&lock);
  return result;
}

void WINAPI HcsCloseComputeSystem(HCS_SYSTEM handle) {
  SYS *system = check("HcsCloseComputeSystem", handle, SYSTEM);
  DWORD began = GetTickCount();
  EnterCriticalSection(&lock);
  if (system->pending > 0) bug("HcsCloseComputeSystem", "an operation of the system is pending");
  /* As the real one, it lets no callback go on behind it. */
  while (system->events != NULL) {
    LeaveCriticalSection(&lock);
    if (GetTickCount() - began > deadlock_ms) bug("HcsCloseComputeSystem", "deadlock: it waits for a callback that does not return");
    Sleep(1);
    EnterCriticalSection(&lock);
  }
  VM *vm = system->vm, **at = &vms;
  note("call", "HcsCloseComputeSystem", vm->id, NULL, S_OK, GetTickCount() - began);
  system->magic = CLOSED;
  system->callback = NULL;
  live_systems--;
  if (--vm->handles == 0 && (vm->state == STOPPED || wcsstr(vm->configuration, L"\"ShouldTerminateOnLastHandleClosed\":true") != NULL)) {
    while (*at != vm) at = &(*at)->next;
    *at = vm->next;
  }
  LeaveCriticalSection(&lock);
}

HRESULT WINAPI HcsSetComputeSystemCallback(HCS_SYSTEM handle, HCS_EVENT_OPTIONS options, const void *context, HCS_EVENT_CALLBACK callback) {
  SYS *system = check("HcsSetComputeSystemCallback", handle, SYSTEM);
  EnterCriticalSection(&lock);
  HRESULT result = options != HcsEventOptionNone ? E_NOTIMPL : S_OK;
  if (result == S_OK) system->context = (void *)context, system->callback = callback;
  note("call", "HcsSetComputeSystemCallback", system->vm->id, NULL, result, 0);
  LeaveCriticalSection(&lock);
  return result;
}

#define CALL(name, type, may_be_null, must_be_null) \
  HRESULT WINAPI name(HCS_SYSTEM system, HCS_OPERATION operation, PCWSTR document) { \
    return begin(#name, type, check(#name, system, SYSTEM), operation, document, may_be_null, must_be_null); \
  }
CALL(HcsStartComputeSystem, HcsOperationTypeStart, TRUE, TRUE)
CALL(HcsShutDownComputeSystem, HcsOperationTypeShutdown, TRUE, FALSE)
CALL(HcsTerminateComputeSystem, HcsOperationTypeTerminate, TRUE, TRUE)
CALL(HcsCrashComputeSystem, HcsOperationTypeCrash, TRUE, FALSE)
CALL(HcsPauseComputeSystem, HcsOperationTypePause, TRUE, FALSE)
CALL(HcsResumeComputeSystem, HcsOperationTypeResume, TRUE, TRUE)
CALL(HcsSaveComputeSystem, HcsOperationTypeSave, FALSE, FALSE)
CALL(HcsGetComputeSystemProperties, HcsOperationTypeGetProperties, TRUE, FALSE)

HRESULT WINAPI HcsModifyComputeSystem(HCS_SYSTEM system, HCS_OPERATION operation, PCWSTR document, HANDLE identity) {
  SYS *checked = check("HcsModifyComputeSystem", system, SYSTEM);
  return identity != NULL ? E_INVALIDARG : begin("HcsModifyComputeSystem", HcsOperationTypeModify, checked, operation, document, FALSE, FALSE);
}

HRESULT WINAPI HcsEnumerateComputeSystems(PCWSTR query, HCS_OPERATION operation) {
  return begin("HcsEnumerateComputeSystems", HcsOperationTypeEnumerate, NULL, operation, query, TRUE, FALSE);
}

/* ---- calls without an operation ---- */

static HRESULT at_once(const char *call, PCWSTR id, PCWSTR document, HRESULT result, ORDER *order) {
  EnterCriticalSection(&lock);
  if (result == S_OK && take_order(call, TRUE, order)) result = order->result;
  note("call", call, id, document, result, 0);
  LeaveCriticalSection(&lock);
  return result;
}

HRESULT WINAPI HcsGetServiceProperties(PCWSTR query, PWSTR *reply) {
  ORDER order = {0};
  HRESULT result = at_once("HcsGetServiceProperties", NULL, query, query == NULL || is_json(query) ? S_OK : INVALID_JSON, &order);
  EnterCriticalSection(&lock);
  give(order.document != NULL ? order.document : FAILED(result) ? NULL
    : L"{\"Properties\":[{\"SupportedSchemaVersions\":[{\"Major\":2,\"Minor\":1},{\"Major\":2,\"Minor\":7}]}]}", reply);
  LeaveCriticalSection(&lock);
  return result;
}

HRESULT WINAPI HcsCreateEmptyGuestStateFile(PCWSTR path) { return at_once("HcsCreateEmptyGuestStateFile", NULL, path, write_file(path), &(ORDER){0}); }
HRESULT WINAPI HcsCreateEmptyRuntimeStateFile(PCWSTR path) { return at_once("HcsCreateEmptyRuntimeStateFile", NULL, path, write_file(path), &(ORDER){0}); }
HRESULT WINAPI HcsGrantVmAccess(PCWSTR id, PCWSTR path) { return at_once("HcsGrantVmAccess", id, path, S_OK, &(ORDER){0}); }
HRESULT WINAPI HcsRevokeVmAccess(PCWSTR id, PCWSTR path) { return at_once("HcsRevokeVmAccess", id, path, S_OK, &(ORDER){0}); }

/* ---- what tests ask ---- */

/* An event to each handle of the VM. FALSE: there is no such VM. An exit stops it. */
__declspec(dllexport) BOOL WINAPI StubFireEvent(PCWSTR id, DWORD type, PCWSTR data) {
  EnterCriticalSection(&lock);
  VM *vm = find_vm(id);
  if (vm != NULL && type == HcsEventSystemExited) vm->state = STOPPED;
  if (vm != NULL) fire(vm, (DWORD[]){type, 0}, (PCWSTR[]){data});
  LeaveCriticalSection(&lock);
  return vm != NULL;
}

/* The time after which a close that waits for a callback counts as one that waits for itself. */
__declspec(dllexport) void WINAPI StubDeadlockAfter(DWORD ms) { deadlock_ms = ms; }

/* How many live: 0 systems' handles, 1 operations, 2 strings that were not freed. */
__declspec(dllexport) DWORD WINAPI StubLive(DWORD what) {
  return what == 0 ? live_systems : what == 1 ? live_operations : live_documents();
}
