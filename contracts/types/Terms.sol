// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @dev What a position is held to. A position keeps the terms it was opened under. Stored in two words
/// as `TermsWords`.
struct Terms {
    /// @dev Equity needed to open or increase, as a share of notional [WAD].
    uint64 initialMarginRatio;
    /// @dev Equity needed to stay, as a share of notional, before the liquidation fee [WAD].
    uint64 maintenanceMarginRatio;
    /// @dev Liquidation fee as a share of the notional closed [WAD].
    uint64 liquidationFeeRatio;
    /// @dev Fee on notional at fill, on open and on close [WAD].
    uint64 positionFeeRatio;
    /// @dev Multiple of maintenance margin that a partial liquidation restores [WAD]; 1.1 to 2.
    uint64 liquidationTarget;
    /// @dev Least reserve as a share of the notional it is added for [WAD].
    uint64 minReserveRatio;
    /// @dev Pause between two partial liquidations of one position [s].
    uint32 liquidationCooldown;
    /// @dev What a keeper is paid at least for a liquidation [WAD quote].
    uint96 keeperFeeFloor;
    /// @dev What a keeper is paid at most for a liquidation [WAD quote].
    uint96 keeperFeeCap;
    /// @dev Least maintenance margin of any position [WAD quote].
    uint96 minMaintenance;
    /// @dev Least equity of an open position after its owner acts [WAD quote].
    uint128 minMargin;
    /// @dev Least notional of an open position after its owner acts [WAD quote].
    uint128 minNotional;
}

/// @dev Terms as stored: two words instead of four, since every change of size and every liquidation reads them. Ratios
/// in steps of 1e-9, amounts in steps of 1e-6; terms that do not fit exactly are refused. Layout in `TermsMath`.
struct TermsWords {
    /// @dev What margin checks read.
    uint256 margins;
    /// @dev What trades and liquidations read as well.
    uint256 trades;
}
