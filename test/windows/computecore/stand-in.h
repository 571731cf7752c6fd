/* What the stand-in's two halves share: the record of what was called, the strings given out, the answers asked for. */
#include <windows.h>
#include <computecore.h>
#include <stdio.h>
#include <wchar.h>

#define E_HCS(code) ((HRESULT)(0x80370000u | (code)))
#define INVALID_STATE E_HCS(0x105)
#define INVALID_JSON E_HCS(0x10d)
#define SYSTEM_NOT_FOUND E_HCS(0x10e)
#define SYSTEM_ALREADY_EXISTS E_HCS(0x10f)
#define SYSTEM_ALREADY_STOPPED E_HCS(0x110)
#define OPERATION_NOT_STARTED E_HCS(0x115)
#define OPERATION_ALREADY_STARTED E_HCS(0x116)
#define OPERATION_PENDING E_HCS(0x117)
#define OPERATION_TIMEOUT E_HCS(0x118)

/* What a test asks of the next call of a name. */
typedef struct { char call[64]; DWORD delay; HRESULT result; PWSTR document; BOOL at_once; } ORDER;

/* Over everything of both halves. */
extern CRITICAL_SECTION lock;
extern int live_systems, live_operations;

/* {"call":...} of each call, {"done":...} of each operation, {"event":...} of each delivery, {"bug":...}, {"detach":...}. */
void note(const char *kind, const char *name, PCWSTR id, PCWSTR document, HRESULT result, DWORD ms);
/* Ends the process with 99. */
void bug(const char *call, const char *what);
PWSTR copy(PCWSTR text);
BOOL is_json(PCWSTR text);
/* A string that the caller gives back by LocalFree. With the lock held. */
HRESULT give(PCWSTR text, PWSTR *to);
int live_documents(void);
BOOL take_order(const char *call, BOOL at_once, ORDER *order);
