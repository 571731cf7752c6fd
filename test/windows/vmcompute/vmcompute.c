/*
 * Stand-in for vmcompute.dll: the one function of it that a shim calls. How HCS makes a GUID of a name is not documented;
 * this one has the name's length and sum in it, so that a test knows it again. It is in no header: a wrong prototype compiles.
 */
#include <windows.h>

HRESULT WINAPI NameToGuid(PCWSTR name, GUID *id) {
  if (name == NULL || id == NULL) return E_POINTER;
  if (*name == 0) return E_INVALIDARG;
  memset(id, 0, sizeof *id);
  id->Data1 = 0x11223344;
  id->Data2 = 0x5566;
  id->Data3 = (WORD)lstrlenW(name);
  for (; *name != 0; name++) id->Data4[7] = (BYTE)(id->Data4[7] + *name);
  return S_OK;
}
