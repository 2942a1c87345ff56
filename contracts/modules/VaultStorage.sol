// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IMandateBook} from "../interfaces/IMandateBook.sol";
import {IMarginVault} from "../interfaces/IMarginVault.sol";
import {IOracle} from "../interfaces/IOracle.sol";
import {IReserveLedger} from "../interfaces/IReserveLedger.sol";
import {Market} from "../types/Market.sol";
import {CurveParameters} from "../types/MarketParameters.sol";
import {Position} from "../types/Position.sol";
import {TermsWords} from "../types/Terms.sol";

/// @title VaultStorage
/// @notice Every immutable argument and storage variable of a MarginVault, and nothing else.
abstract contract VaultStorage is IMarginVault {
    IERC20 internal immutable _token;
    IOracle internal immutable _oracle;
    IReserveLedger internal immutable _pool;
    address internal immutable _orderBook;
    address internal immutable _charter;
    IMandateBook internal immutable _mandateBook;

    /// @dev WAD units in one token unit.
    uint256 internal immutable _scale;
    uint64 internal immutable _sequencerGrace;
    uint256 internal immutable _protocolFeeShare;

    uint256 internal immutable _skewScale;
    uint256 internal immutable _fundingScale;
    uint256 internal immutable _maxFundingRate;
    /// @dev From the lowest bit, 64 bits each: kink utilization, borrow rate at none, at the kink, at full use. Every use of
    /// an immutable is 33 bytes of code.
    uint256 internal immutable _borrowCurve;

    Market internal _market;
    mapping(uint256 positionId => Position stored) internal _positions;
    mapping(uint256 termsId => TermsWords stored) internal _terms;
    mapping(address account => uint256 amountToken) internal _claimable;
    mapping(uint256 positionId => uint256 count) internal _pendingMarketOrders;

    /// @dev Largest open interest of either side [WAD base].
    uint128 internal _maxOpenInterest;
    /// @dev Until when nothing opens or grows [s].
    uint64 internal _increasesStoppedUntil;
    /// @dev Terms offered to new positions.
    uint8 internal _latestTermsId;

    /// @dev One lock for the market's three contracts: 1 while it is held. Whole words, for a part of one is read before it is
    /// written.
    uint256 internal transient _locked;
    /// @dev Price of the batch under execution [WAD quote per base]; 0 outside a batch.
    uint256 internal transient _batchPrice;
    /// @dev When the batch's price was observed [s].
    uint256 internal transient _batchObservedAt;
    /// @dev 1 where the batch's price may only close positions.
    uint256 internal transient _batchClosingOnly;

    /// @dev The part of the curves that the borrow rate follows.
    function _borrowCurves() internal view returns (CurveParameters memory curves) {
        uint256 packed = _borrowCurve;
        curves.kinkUtilization = uint64(packed);
        curves.minBorrowRate = uint64(packed >> 64);
        curves.kinkBorrowRate = uint64(packed >> 128);
        curves.maxBorrowRate = packed >> 192;
    }
}
