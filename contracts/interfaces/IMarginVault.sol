// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ILiquidation} from "./ILiquidation.sol";
import {IMargin} from "./IMargin.sol";
import {IMarginVaultState} from "./IMarginVaultState.sol";
import {IPoolLink} from "./IPoolLink.sol";
import {IPowers} from "./IPowers.sol";
import {ITrade} from "./ITrade.sol";

/// @title IMarginVault
/// @notice Holds the margin of every position of one market in separate ledgers.
interface IMarginVault is IMarginVaultState, IMargin, ITrade, ILiquidation, IPoolLink, IPowers {}
